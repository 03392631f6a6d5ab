"""Does a rewrite win because its right item scores higher, or because everything does?

A reward on similarity can be had by words that lie close to every item. These figures tell the two apart: scores
inflate when `d_neg` and `d_hard` rise without `margin`.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from grape_rewrite.index.index import NEVER
from grape_rewrite.rewards.rank import Ragged

Scores = npt.NDArray[np.floating]
Floats = npt.NDArray[np.float64]

HARD = 10


class Levels(NamedTuple):
    """Where the scores of each query lie: (n,) arrays, in the unit of the scores."""

    positive: Floats
    irrelevant: Floats
    hard: Floats


class Inflation(NamedTuple):
    """Mean change of the score levels against the reference; `margin = d_pos - d_hard`."""

    d_pos: float
    d_neg: float
    d_hard: float
    margin: float


def score_levels(scores: Scores, positives: Ragged, hard: int = HARD) -> Levels:
    """Return for each query the score of its best positive, and the means of its irrelevant and of its hard items.

    Hard are each text's own `hard` highest-scoring irrelevant items: the bar its positive must clear.

    >>> score_levels(np.array([[0.9, 0.5, 0.3, 0.1]]), [np.array([1])], hard=2)
    Levels(positive=array([0.5]), irrelevant=array([0.43333333]), hard=array([0.6]))

    :param scores: (n, N) scores of every corpus item for each query; one of -1 is an item that cannot be found, as it
        is skipped or excluded, and counts for nothing.
    :param positives: n arrays of column numbers, none empty.
    :param hard: how many of the highest-scoring irrelevant items are hard, at least 1; all of them where there are
        fewer.
    :return: three (n,) arrays. Where every item is relevant the irrelevant and hard levels are those of the positive,
        so that nothing is claimed to have inflated.
    :raises ValueError: when `hard` is below 1.
    """
    if hard < 1:
        raise ValueError(f"hard is {hard}; at least 1 item is")
    levels = Levels(*(np.empty(len(scores)) for _ in range(3)))
    for row, (values, relevant) in enumerate(zip(scores, positives, strict=True)):
        levels.positive[row] = values[relevant].max()
        others = np.delete(values.astype(np.float64), relevant)
        others = others[others > NEVER]
        if len(others) == 0:
            others = levels.positive[row : row + 1]
        levels.irrelevant[row] = others.mean()
        levels.hard[row] = np.partition(others, -min(hard, len(others)))[-hard:].mean()
    return levels


def inflation(method: Levels, reference: Levels) -> Inflation:
    """Return how much the scores rose from the reference (raw) to the method, averaged over the queries.

    :param method: score levels of the method's rewrites.
    :param reference: score levels of the same queries under the reference.
    :return: d_pos, d_neg, d_hard and margin.
    """
    d_pos, d_neg, d_hard = (float(np.mean(new - old)) for new, old in zip(method, reference, strict=True))
    return Inflation(d_pos, d_neg, d_hard, d_pos - d_hard)


def hubness(top: npt.NDArray[np.integer], size: int) -> float:
    """Return the skewness of how often each item is among the best of a query (Radovanović et al., JMLR 2010).

        m3 / m2^(3/2),    m_j = mean over the corpus of (N_k(d) - mean N_k)^j

    >>> hubness(np.array([[0, 1], [0, 2]]), size=4)  # item 0 twice, items 1 and 2 once, item 3 never
    0.0

    :param top: (n, k) rows of the k best items for each query.
    :param size: number of items in the corpus.
    :return: skewness; 0 when all items occur equally often, higher the more a few hubs crowd the results.
    """
    counts = np.bincount(top.ravel(), minlength=size).astype(np.float64)
    centred = counts - counts.mean()
    variance = np.mean(centred**2)
    return float(np.mean(centred**3) / variance**1.5) if variance > 0 else 0.0


def centroid_cosines(texts: npt.NDArray[np.floating], corpus: npt.NDArray[np.floating]) -> Floats:
    """Return the cosine of each rewrite to the centroid of the corpus: how far it drifts to its middle.

    :param texts: (n, d) unit embeddings of the rewrites.
    :param corpus: (N, d) unit embeddings of the items.
    :return: (n,) cosines in [-1, 1]; 0 when the centroid is the origin.
    """
    centroid = corpus.mean(axis=0, dtype=np.float64)
    length = np.linalg.norm(centroid)
    return texts @ (centroid / length) if length > 0 else np.zeros(len(texts))
