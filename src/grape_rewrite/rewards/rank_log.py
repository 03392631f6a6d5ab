"""A reward that is linear in the logarithm of the rank."""

import numpy as np
import numpy.typing as npt


def rank_log(ranks: npt.NDArray[np.floating], competitors: npt.NDArray[np.number]) -> npt.NDArray[np.float64]:
    """Return `1 - log(rank) / log(N + 1)`: every halving of the rank is worth the same.

    The ends, 1 and 0, are the same for corpora of any size. Between them the size counts a little: behind a share q of
    the competitors it is about `-log(q) / log(N + 1)`, which falls slowly as the corpus grows.

    >>> rank_log(np.array([1.0, 10.0, 100.0]), np.array([99, 99, 99]))
    array([1. , 0.5, 0. ])

    :param ranks: (n,) ranks in [1, N + 1], as `best_positive_rank` gives them.
    :param competitors: (n,) N, the number of irrelevant items that each was ranked against.
    :return: (n,) rewards in [0, 1]; 1 where there is no competitor.
    """
    return 1 - np.log(np.asarray(ranks, dtype=np.float64)) / np.log(np.maximum(competitors, 1) + 1)
