"""How sure a retriever seems of what it found: no judgement is needed for it."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

NEXT = 10


def confidence(slabs: Iterable[tuple[slice, npt.NDArray[np.floating]]]) -> npt.NDArray[np.float64]:
    """Return how far the best item stands out: its score less the mean of the ten that follow.

    >>> confidence([(slice(0, 1), np.array([[0.9, 0.5, 0.3]]))])
    array([0.5])

    :param slabs: scores of n texts, in the parts in which `Index.slabs` and `EmbeddedAsks.slabs` yield them.
    :return: (n,) differences, at least 0; 0 in a corpus of one item.
    """
    found = [np.empty(0)]
    for _, scores in slabs:
        depth = min(NEXT + 1, scores.shape[1])
        top = np.sort(np.partition(scores, -depth, axis=1)[:, -depth:], axis=1)[:, ::-1].astype(np.float64)
        found.append(top[:, 0] - top[:, 1:].mean(axis=1) if depth > 1 else np.zeros(len(top)))
    return np.concatenate(found)
