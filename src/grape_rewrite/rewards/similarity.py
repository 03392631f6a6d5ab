"""The naive reward: how similar the rewrite is to its target, whatever else it is similar to."""

import numpy as np
import numpy.typing as npt

from grape_rewrite.rewards.rank import Ragged, Scores, check_rows


def similarity(scores: Scores, positives: Ragged) -> npt.NDArray[np.float64]:
    """Return `s(r, p*)`, the score of the best positive. A baseline: it rewards raising all scores at once.

    The size of the corpus does not count.

    >>> similarity(np.array([[0.25, 0.5, 0.75]]), [np.array([0, 1])])
    array([0.5])

    :param scores: n rows of scores of every candidate.
    :param positives: n arrays of column numbers, none empty.
    :return: (n,) rewards in the unit of the scores.
    :raises ValueError: when a row has no positive, or one twice or outside, a score is not a number, or lengths differ.
    """
    check_rows(scores, positives)
    return np.array([row[relevant].max() for row, relevant in zip(scores, positives, strict=True)], dtype=np.float64)
