"""How far an arm of a study is ahead of others, over the queries and the seeds that both have, and how sure that is."""

from collections.abc import Mapping, Sequence, Set
from itertools import cycle
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from grape_rewrite.evaluation.holm import holm
from grape_rewrite.evaluation.significance import estimate_over_runs, interval_over_runs, randomisation_tests

Values = npt.NDArray[np.float64]
Rows = Mapping[str, Mapping[int, Mapping[str, Values]]]
"""By arm, seed and metric: what each query has, (n,)."""
Clusters = npt.NDArray[np.int64]


class Compared(NamedTuple):
    """How far an arm is ahead of another."""

    row: dict[str, Any]
    differences: Values
    """(r, n), of each seed that both have, for each query."""


def compare(
    reference: str | None, rows: Rows, metrics: Sequence[str], trained: Set[str], clusters: Clusters, seed: int
) -> list[Compared]:
    """Compare an arm with each other on each metric, as far as both have it.

    :param reference: the arm that is compared with the others; None for no comparison.
    :param rows: what each query has under every arm.
    :param metrics: what to compare.
    :param trained: the arms that have seeds of their own; the runs of any other stand beside all seeds in turns.
    :param clusters: (n,) the item that each query asks for.
    :param seed: of the bootstrap, where there is one seed alone.
    :return: the comparisons, by metric and arm.
    """
    if reference is None:
        return []
    found = []
    for metric in metrics:
        values = {arm: {s: row[metric] for s, row in seeds.items() if metric in row} for arm, seeds in rows.items()}
        for other, theirs in values.items():
            by_seed = paired(values[reference], theirs, other in trained)
            if other != reference and by_seed:
                differences = np.stack(list(by_seed.values()))
                interval = interval_over_runs(differences, np.random.default_rng(seed), clusters)
                row = {
                    "a": reference,
                    "b": other,
                    "metric": metric,
                    "difference": interval.mean,
                    "low": interval.low,
                    "high": interval.high,
                    "seeds": list(by_seed),
                }
                found.append(Compared(row, differences))
    return found


def tested(compared: Sequence[Compared], clusters: Clusters, seed: int) -> list[dict[str, Any]]:
    """Return the comparisons with the p-values of both tests, each adjusted by Holm's method for all of them.

    :param compared: the comparisons.
    :param clusters: (n,) the item that each query asks for.
    :param seed: of the randomisation test.
    :return: a, b, metric, difference, low, high, seeds, p, p_holm, and p_seeds and p_seeds_holm, which are None where
        there is a single seed.
    """
    means = [differences.mean(axis=0) for _, differences in compared]
    p = randomisation_tests(means, np.random.default_rng(seed), clusters)
    tests = [
        row | {"p": float(single), "p_holm": float(adjusted), "p_seeds": None, "p_seeds_holm": None}
        for (row, _), single, adjusted in zip(compared, p, holm(p.tolist()), strict=True)
    ]
    known = [
        (test, estimate_over_runs(differences, clusters).p)
        for test, (_, differences) in zip(tests, compared, strict=True)
        if len(differences) > 1
    ]
    for (test, single), adjusted in zip(known, holm([p for _, p in known]), strict=True):
        test |= {"p_seeds": single, "p_seeds_holm": float(adjusted)}
    return tests


def paired(ours: Mapping[int, Values], theirs: Mapping[int, Values], seeded: bool) -> dict[int, Values]:
    """Return the differences by the seeds that both have; the runs of what is not trained take turns beside ours."""
    if not seeded:
        theirs = dict(zip(ours, cycle(theirs.values()), strict=False)) if theirs else {}
    return {s: ours[s] - theirs[s] for s in ours if s in theirs}
