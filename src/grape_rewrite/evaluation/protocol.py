"""The figures that published protocols report beside Recall@1, 5 and 10."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from grape_rewrite.evaluation.method import Method

DEPTH = 50
FEW = (1, 2, 3)
AVERAGED = ("recall@1", "recall@5", "recall@10")


def protocol(methods: Mapping[str, Method], languages: Sequence[str | None] = ()) -> dict[str, dict[str, float]]:
    """Return the further figures of CIRR and of XM3600 for each method, where the queries allow for them.

    CIRR's are Recall@50, and Recall@1, 2, 3 among the few pictures most alike; the query's own picture is not ranked
    (Liu et al., ICCV 2021). A tie counts one half, as in `best_positive_rank`. XM3600's are means over languages, each
    of which counts alike however many queries it has (Thapliyal et al., EMNLP 2022).

    :param methods: name -> method.
    :param languages: of the queries.
    :return: name -> figures; empty unless each query names pictures most alike, or languages differ in their number of
        queries.
    """
    found = {name: {**_composed(method), **_language_means(method, languages)} for name, method in methods.items()}
    return found if all(found.values()) else {}


def _composed(method: Method) -> dict[str, float]:
    """CIRR's figures."""
    if method.among is None:
        return {}
    return {
        f"recall@{DEPTH}": float(np.mean(method.ranks <= DEPTH)),
        **{f"subset_recall@{k}": float(np.mean(method.among <= k)) for k in FEW},
    }


def _language_means(method: Method, languages: Sequence[str | None]) -> dict[str, float]:
    """XM3600's figures; none where languages have the same number of queries, since the overall figure says it then."""
    if len(set(Counter(languages).values())) < 2:
        return {}
    names = np.array([str(language) for language in languages])
    return {
        f"language_mean_{metric}": float(
            np.mean([method.metrics[metric][names == language].mean() for language in np.unique(names)])
        )
        for metric in AVERAGED
    }
