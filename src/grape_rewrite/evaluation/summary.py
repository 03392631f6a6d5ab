"""The numbers of an evaluation as they stand in `evaluation.json`: means, intervals, tests, languages."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from grape_rewrite.evaluation.harm import harm
from grape_rewrite.evaluation.inflation import Inflation, inflation
from grape_rewrite.evaluation.method import Method
from grape_rewrite.evaluation.metrics import METRICS
from grape_rewrite.evaluation.significance import Interval, bootstrap_interval, randomisation_tests
from grape_rewrite.rewards.rank import Ragged

Labels = npt.NDArray[np.int64]

COMPARED = ("recall@10", "mrr", "recall@1")
HUMAN = "english"  # a person's wording, a reference row
UNKNOWN_LANGUAGE = "und"  # BCP 47's tag for an undetermined language


def cluster_labels(positives: Ragged) -> Labels:
    """Number the queries by their set of positives: queries with the same answers share a label.

    >>> cluster_labels([np.array([4]), np.array([7, 4]), np.array([4])])
    array([0, 1, 0])

    :param positives: n arrays of relevant rows.
    :return: (n,) labels.
    """
    numbers: dict[tuple[int, ...], int] = {}
    return np.array([numbers.setdefault(tuple(sorted(rows.tolist())), len(numbers)) for rows in positives])


def summarise_method(
    method: Method, reference: Method, clusters: Labels, seed: int, cost: Mapping[str, float]
) -> dict[str, Any]:
    """Return one entry of `methods`.

    :param method: the method.
    :param reference: what harm and inflation are measured against: raw.
    :param clusters: (n,) cluster labels of the queries.
    :param seed: seed of the bootstrap.
    :param cost: `rewrite_tokens` and `ms_per_query` where they were measured; null in the file where not.
    """
    intervals = {name: _interval(method.metrics[name], clusters, seed) for name in METRICS}
    damage = harm(method.ranks, reference.ranks)
    return {
        **{name: interval.mean for name, interval in intervals.items()},
        "harm": damage.share,
        "harm_loss": damage.loss,
        **_inflation(method, reference),
        "hubness": method.hubness,
        "centroid": float(method.centroid.mean()),
        "rewrite_tokens": cost.get("rewrite_tokens"),
        "ms_per_query": cost.get("ms_per_query"),
        "truncated": method.truncated,
        "empty": method.empty,
        "intervals": {name: {"low": found.low, "high": found.high} for name, found in intervals.items()},
    }


def _inflation(method: Method, reference: Method) -> dict[str, float | None]:
    """Return the figures of score inflation, null where the scores of the two are of different kinds."""
    if method.levels is None or reference.levels is None:
        return dict.fromkeys(Inflation._fields)
    return inflation(method.levels, reference.levels)._asdict()


def compare(methods: Mapping[str, Method], clusters: Labels, seed: int) -> list[dict[str, Any]]:
    """Return the method called "grape" against each other method, on each of `COMPARED`.

    Without one of that name it is the last, the human reference left aside unless all but one are that.

    The p-values are of single tests, not adjusted for their number.

    :param methods: name -> method, in the order of presentation.
    :param clusters: (n,) cluster labels of the queries.
    :param seed: seed of the bootstrap and of the test.
    """
    made = [name for name in methods if name != HUMAN]
    ours = "grape" if "grape" in methods else (made if len(made) > 1 else list(methods))[-1]
    differences = {
        (other, metric): methods[ours].metrics[metric] - methods[other].metrics[metric]
        for other in methods
        for metric in COMPARED
        if other != ours
    }
    found = randomisation_tests(list(differences.values()), np.random.default_rng(seed), clusters)
    rows = []
    for ((other, metric), values), p in zip(differences.items(), found.tolist(), strict=True):
        mean, low, high = _interval(values, clusters, seed)
        rows.append({"a": ours, "b": other, "metric": metric, "difference": mean, "low": low, "high": high, "p": p})
    return rows


def by_language(
    methods: Mapping[str, Method], languages: Sequence[str | None], clusters: Labels, seed: int
) -> dict[str, Any]:
    """Return the metrics for each language, and the interval of Recall@10.

    :param methods: name -> method.
    :param languages: the language of each query.
    :param clusters: (n,) cluster labels of the queries.
    :param seed: seed of the bootstrap.
    :return: language -> number of queries and methods; empty when no query has a language.
    """
    if not any(languages):
        return {}
    names = np.array([language or UNKNOWN_LANGUAGE for language in languages])
    result: dict[str, Any] = {}
    for language in sorted(set(names.tolist())):
        chosen = names == language
        entry: dict[str, Any] = {}
        for name, method in methods.items():
            entry[name] = {metric: float(method.metrics[metric][chosen].mean()) for metric in METRICS}
            _, low, high = _interval(method.metrics["recall@10"][chosen], clusters[chosen], seed)
            entry[name]["intervals"] = {"recall@10": {"low": low, "high": high}}
        result[language] = {"queries": int(chosen.sum()), "methods": entry}
    return result


def _interval(values: npt.NDArray[np.floating], clusters: Labels, seed: int) -> Interval:
    # A generator of its own for each interval: a figure does not change with what else is computed beside it.
    return bootstrap_interval(values, np.random.default_rng(seed), clusters)
