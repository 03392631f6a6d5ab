"""The figures that published protocols report beside Recall@1, 5 and 10."""

from collections.abc import Mapping

import numpy as np

from grape_rewrite.evaluation.method import Method

DEPTH = 50
FEW = (1, 2, 3)


def protocol(methods: Mapping[str, Method]) -> dict[str, dict[str, float]]:
    """Return CIRR's further figures for each method: Recall@50, and Recall@1, 2, 3 among the few pictures most alike.

    The query's own picture is not ranked (Liu et al., ICCV 2021). A tie counts one half, as in `best_positive_rank`.

    :param methods: name -> method.
    :return: name -> figures; empty unless each query names such pictures.
    """
    return {
        name: {
            f"recall@{DEPTH}": float(np.mean(method.ranks <= DEPTH)),
            **{f"subset_recall@{k}": float(np.mean(method.among <= k)) for k in FEW},
        }
        for name, method in methods.items()
        if method.among is not None
    }
