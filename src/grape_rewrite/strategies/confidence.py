"""How sure a retriever seems of what it found: no judgement is needed for it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from grape_rewrite.index import Index

NEXT = 10


def confidence(texts: Sequence[str], index: Index) -> npt.NDArray[np.float64]:
    """Return how far each text's best item stands out: its score less the mean of the ten that follow.

    :param texts: n texts.
    :return: (n,) differences of cosines, at least 0; 0 in a corpus of one item.
    """
    found = [np.empty(0)]
    for scores in index.slabs(texts):
        depth = min(NEXT + 1, scores.shape[1])
        top = np.sort(np.partition(scores, -depth, axis=1)[:, -depth:], axis=1)[:, ::-1].astype(np.float64)
        found.append(top[:, 0] - top[:, 1:].mean(axis=1) if depth > 1 else np.zeros(len(top)))
    return np.concatenate(found)
