"""The rank that every rank reward and the mean reciprocal rank are made of."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def best_positive_rank(
    scores: npt.NDArray[np.floating], positives: Sequence[npt.NDArray[np.integer]]
) -> npt.NDArray[np.float64]:
    """Return the rank of each row's best positive among the irrelevant items, a tie counting one half.

        rank = 1 + sum_{d not in P} ( [s_d > s_p*] + 1/2 [s_d = s_p*] ),    s_p* = max_{p in P} s_p

    Other positives never count as competitors, so a perfect row has rank 1 however many positives it has.

    >>> best_positive_rank(np.array([[0.9, 0.5, 0.5, 0.1]]), [np.array([1])])
    array([2.5])

    :param scores: (n, N) scores of every corpus item for each of n rewrites.
    :param positives: n arrays of column numbers, none empty.
    :return: (n,) ranks in [1, N].
    :raises ValueError: when a row has no positive, or the lengths differ.
    """
    if len(scores) != len(positives):
        raise ValueError(f"{len(scores)} rows of scores but {len(positives)} sets of positives")
    ranks = np.empty(len(scores))
    for row, (values, relevant) in enumerate(zip(scores, positives, strict=True)):
        if len(relevant) == 0:
            raise ValueError(f"row {row} has no positive; a rank needs at least one")
        best = values[relevant].max()
        above = np.count_nonzero(values > best)
        level = np.count_nonzero(values == best) - np.count_nonzero(values[relevant] == best)
        ranks[row] = 1 + above + level / 2
    return ranks
