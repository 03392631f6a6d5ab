"""The best items of each query, in an order that never depends on chance."""

import numpy as np
import numpy.typing as npt


def top_items(scores: npt.NDArray[np.floating], k: int) -> npt.NDArray[np.intp]:
    """Return the rows of each query's k best items, best first, equal scores in the order of the corpus.

    Equal to `np.argsort(-scores, axis=1, kind="stable")[:, :k]`, in O(N) for each query where few scores are equal.

    >>> top_items(np.array([[0.1, 0.7, 0.7, 0.9]]), k=3)
    array([[3, 1, 2]])

    :param scores: (n, N) scores, none NaN.
    :param k: how many items; all N when there are fewer.
    :return: (n, min(k, N)) column numbers.
    """
    k = min(k, scores.shape[1])
    best = np.empty((len(scores), k), dtype=np.intp)
    if k == 0:
        return best
    for row, values in enumerate(scores):
        # All that reach the k-th score: which of several equal ones a partition keeps is left to chance.
        candidates = np.flatnonzero(values >= np.partition(values, -k)[-k])
        best[row] = candidates[np.argsort(-values[candidates], kind="stable")[:k]]
    return best
