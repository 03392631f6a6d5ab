"""A reward that is linear in the rank."""

import numpy as np
import numpy.typing as npt


def rank_linear(ranks: npt.NDArray[np.floating], competitors: npt.NDArray[np.number]) -> npt.NDArray[np.float64]:
    """Return `1 - (rank - 1) / N`: 1 for the first place, 0 for the last, linear between.

    In expectation it does not depend on the size of the corpus: it is the share of competitors that rank below.

    >>> rank_linear(np.array([1.0, 51.0, 101.0]), np.array([100, 100, 100]))
    array([1. , 0.5, 0. ])

    :param ranks: (n,) ranks in [1, N + 1], as `best_positive_rank` gives them.
    :param competitors: (n,) N, the number of irrelevant items that each was ranked against.
    :return: (n,) rewards in [0, 1]; 1 where there is no competitor.
    """
    return 1 - (np.asarray(ranks, dtype=np.float64) - 1) / np.maximum(competitors, 1)
