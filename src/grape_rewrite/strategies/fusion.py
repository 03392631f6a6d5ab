"""Several texts, one ranking."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

RRF = 60.0  # the constant of the paper, which nobody has had to tune since


def mean_vector(vectors: npt.NDArray[np.floating], weights: Sequence[float] | None = None) -> npt.NDArray[np.float32]:
    """Return the direction of the weighted mean of embeddings, as HyDE searches with (Gao et al., ACL 2023).

    >>> mean_vector(np.array([[1.0, 0.0], [0.0, 1.0]]), [3, 4])
    array([0.6, 0.8], dtype=float32)

    :param vectors: (k, d) unit rows.
    :param weights: k numbers; all equal when not given.
    :return: (d,) a unit vector; the first row where the mean is the origin, which has no direction.
    """
    mean = np.average(vectors.astype(np.float64), axis=0, weights=weights)
    length = np.linalg.norm(mean)
    return np.asarray(mean / length if length > 1e-9 else vectors[0], dtype=np.float32)


def reciprocal_rank_fusion(scores: npt.NDArray[np.floating], constant: float = RRF) -> npt.NDArray[np.float32]:
    """Return the sum of `1 / (constant + rank)` over rankings (Cormack, Clarke and Buettcher, SIGIR 2009).

    >>> reciprocal_rank_fusion(np.array([[0.9, 0.5], [0.7, 0.1]]), constant=1).tolist()
    [1.0, 0.6666666865348816]

    :param scores: (k, N) scores of every item by each of k texts; equal scores share their mean rank.
    :param constant: how little the first places count more than the next.
    :return: (N,) fused scores; comparable with each other only.
    """
    ordered = np.sort(scores, axis=1)
    fused = np.zeros(scores.shape[1])
    for row, values in zip(ordered, scores, strict=True):
        above = len(row) - np.searchsorted(row, values, side="right")
        level = len(row) - above - np.searchsorted(row, values, side="left")
        fused += 1 / (constant + above + (level + 1) / 2)
    return fused.astype(np.float32)
