"""What a study found: means and spreads over seeds, comparisons over queries and seeds, in one dictionary."""

from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grape_rewrite.ablation.arms import DEFAULT
from grape_rewrite.ablation.manifest import Manifest, read_manifest
from grape_rewrite.ablation.outcomes import read_outcomes
from grape_rewrite.ablation.study import Job, Study
from grape_rewrite.errors import UserError
from grape_rewrite.evaluation.holm import holm
from grape_rewrite.evaluation.significance import bootstrap_interval, randomisation_test

COMPARED = ("recall@10", "mrr")
RAW = "raw"
COSTS = ("training_seconds", "evaluation_seconds", "peak_gb", "trained_parameters")

Values = npt.NDArray[np.float64]


def read_results(study: Study, out: Path, seed: int = 0) -> dict[str, Any]:
    """Put the complete runs of a study together.

    The default arm is compared with every other on each of `COMPARED`. A query's difference is the mean over the seeds
    that both arms have; intervals and tests draw the items that queries ask for, so that the names of one picture in
    many languages, or the runs of several seeds on the same queries, do not pass for independent evidence. The
    p-values are adjusted by Holm's method for all comparisons of a metric.

    :param study: the study.
    :param out: its folder.
    :param seed: of the bootstrap and the tests.
    :return: `arms` (name -> metric -> mean, std and seeds; low and high too for what scores do), `comparisons` (a, b,
        metric, difference, low, high, p, p_holm), `costs` (name -> cost -> mean), `queries`, `runs` (how many are
        complete) and `missing`.
    :raises UserError: when nothing is complete, or runs were not made on the same data, queries and retriever.
    """
    complete = {job: found for job in study.jobs() if (found := read_manifest(job.folder(out)))}
    if not complete:
        raise UserError(f"{out} holds no complete run yet")
    _require_same(complete, out)
    summaries: dict[str, dict[int, dict[str, Any]]] = {}
    rows: dict[str, dict[int, dict[str, Values]]] = {}
    levels: dict[str, dict[int, Values]] = {}
    clusters: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
    for job, manifest in complete.items():
        outcomes = read_outcomes(job.folder(out))
        clusters = np.array(outcomes.clusters)  # the same for all runs, as their queries are
        for name, figures in manifest.figures.items():
            summaries.setdefault(name, {})[job.seed] = figures
            rows.setdefault(name, {})[job.seed] = {metric: outcomes.metric(metric, name) for metric in COMPARED}
            if (pairs := outcomes.levels[name]) is not None:
                levels.setdefault(name, {})[job.seed] = np.array(pairs)
    arms = {name: _spread(found) for name, found in summaries.items()}
    _add_inflation_intervals(arms, levels, clusters, seed)
    return {
        "arms": arms,
        "comparisons": _compare(rows, set(study.arms), clusters, seed) if DEFAULT in rows else [],
        "costs": {
            arm: {
                cost: _mean([getattr(found, cost) for job, found in complete.items() if job.arm == arm])
                for cost in COSTS
            }
            for arm in study.arms
            if any(job.arm == arm for job in complete)
        },
        "queries": next(iter(complete.values())).queries,
        "runs": len(complete),
        "missing": [str(job.folder(out).relative_to(out)) for job in study.jobs() if job not in complete],
    }


def _require_same(complete: Mapping[Job, Manifest], out: Path) -> None:
    (first, reference), *rest = complete.items()
    for job, found in rest:
        for key, value in reference.fingerprints.items():
            if found.fingerprints.get(key) != value:
                raise UserError(
                    f"{job.folder(out)} was made on another {key} than {first.folder(out)}; runs on different data "
                    "cannot be compared"
                )


def _spread(seeds: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """Return mean, standard deviation and single values of each figure over the seeds."""
    found: dict[str, Any] = {}
    for metric, value in next(iter(seeds.values())).items():
        if isinstance(value, (int, float)):
            values: list[float] = [float(summary[metric]) for summary in seeds.values()]
            std = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
            found[metric] = {"mean": float(np.mean(values)), "std": std, "seeds": dict(zip(seeds, values, strict=True))}
    return found


def _add_inflation_intervals(
    arms: dict[str, dict[str, Any]], levels: Mapping[str, Mapping[int, Values]], clusters: Any, seed: int
) -> None:
    """Add 95 % intervals, over items, to how much the scores of positives and hard negatives rise over raw."""
    if RAW not in levels:
        return
    before = next(iter(levels[RAW].values()))
    for name, seeds in levels.items():
        rise = np.mean([after - before for after in seeds.values()], axis=0)
        for metric, values in (("d_pos", rise[:, 0]), ("d_hard", rise[:, 1]), ("margin", rise[:, 0] - rise[:, 1])):
            if metric in arms[name]:
                interval = bootstrap_interval(values, np.random.default_rng(seed), clusters)
                arms[name][metric] |= {"low": interval.low, "high": interval.high}


def _compare(
    rows: Mapping[str, Mapping[int, Mapping[str, Values]]], trained: Set[str], clusters: Any, seed: int
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for metric in COMPARED:
        tests: list[dict[str, Any]] = []
        for other in rows:
            if other == DEFAULT:
                continue
            # What has no seeds of its own stands beside every seed of ours.
            shared = [s for s in rows[DEFAULT] if s in rows[other] or other not in trained]
            if not shared:
                continue
            alone = next(iter(rows[other].values()))
            differences = np.mean(
                [rows[DEFAULT][s][metric] - rows[other].get(s, alone)[metric] for s in shared], axis=0
            )
            interval = bootstrap_interval(differences, np.random.default_rng(seed), clusters)
            tests.append(
                {
                    "a": DEFAULT,
                    "b": other,
                    "metric": metric,
                    "difference": interval.mean,
                    "low": interval.low,
                    "high": interval.high,
                    "p": randomisation_test(differences, np.random.default_rng(seed), clusters),
                    "seeds": shared,
                }
            )
        for test, adjusted in zip(tests, holm([test["p"] for test in tests]), strict=True):
            test["p_holm"] = float(adjusted)
        found += tests
    return found


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
