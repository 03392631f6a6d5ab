"""How sure a retriever seems of what it found: no judgement is needed for it."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from grape_rewrite.index.index import NEVER

NEXT = 10


def confidence(slabs: Iterable[tuple[slice, npt.NDArray[np.floating]]]) -> npt.NDArray[np.float64]:
    """Return how far the best item stands out: its score less the mean of the ten that follow.

    >>> confidence([(slice(0, 1), np.array([[0.9, 0.5, 0.3]]))])
    array([0.5])

    :param slabs: scores of n texts, in the parts in which `Index.slabs` and `EmbeddedAsks.slabs` yield them.
    :return: (n,) differences, at least 0; 0 where only one item can be found, for others are skipped or excluded.
    """
    found = [np.empty(0)]
    for _, scores in slabs:
        depth = min(NEXT + 1, scores.shape[1])
        top = np.sort(np.partition(scores, -depth, axis=1)[:, -depth:], axis=1)[:, ::-1].astype(np.float64)
        best, others = top[:, 0], top[:, 1:]
        counted = others > NEVER
        many = counted.sum(axis=1)
        following = np.where(counted, others, 0.0).sum(axis=1) / np.maximum(many, 1)
        found.append(np.where(many > 0, best - following, 0.0))
    return np.concatenate(found)
