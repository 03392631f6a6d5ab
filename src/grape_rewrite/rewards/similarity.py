"""The naive reward: how similar the rewrite is to its target, whatever else it is similar to."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def similarity(
    scores: npt.NDArray[np.floating], positives: Sequence[npt.NDArray[np.integer]]
) -> npt.NDArray[np.float64]:
    """Return `s(r, p*)`, the score of the best positive. A baseline: it rewards raising all scores at once.

    >>> similarity(np.array([[0.25, 0.5, 0.75]]), [np.array([0, 1])])
    array([0.5])

    :param scores: (n, N) scores of every corpus item for each of n rewrites.
    :param positives: n arrays of column numbers, none empty.
    :return: (n,) rewards in the unit of the scores.
    """
    return np.array([row[relevant].max() for row, relevant in zip(scores, positives, strict=True)], dtype=np.float64)
