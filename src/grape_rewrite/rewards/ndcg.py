"""Normalised discounted cumulative gain: every positive counts, by its grade and its place."""

import numpy as np
import numpy.typing as npt

from grape_rewrite.rewards.rank import Ragged, Scores, Weights, check_rows, weights_of_irrelevant


def ndcg(
    scores: Scores, positives: Ragged, k: int = 10, gains: Ragged | None = None, weights: Weights | None = None
) -> npt.NDArray[np.float64]:
    """Return nDCG@k (Järvelin and Kekäläinen, TOIS 2002).

        DCG@k = sum_{p in P} gain_p * E[ [place_p <= k] / log2(1 + place_p) ],    nDCG@k = DCG@k / ideal DCG@k

    Items with equal scores have no order among themselves, so the value is the expected one over all their orders
    (McSherry and Najork, ECIR 2008). The places are those of the whole corpus: the same text among more items earns
    less.

    >>> ndcg(np.array([[0.9, 0.5, 0.3, 0.1]]), [np.array([1])]).round(4)
    array([0.6309])

    :param scores: n rows of scores of every candidate.
    :param positives: n arrays of column numbers, none empty.
    :param k: how many of the best items count, at least 1.
    :param gains: n arrays of grades above 0, in the order of the positives; all 1 when not given.
    :param weights: n arrays like the rows of scores: how many items each stands for; a positive stands for itself.
    :return: (n,) values in [0, 1].
    :raises ValueError: when k is below 1, a row has no positive, or one twice, a score is not a number, a grade is not
        above 0, or the lengths differ.
    """
    if k < 1:
        raise ValueError(f"k is {k}; it must be at least 1")
    check_rows(scores, positives, weights)
    if gains is not None:
        _check_gains(gains, positives)
    places = np.arange(k + 1)
    # The sum of the discounts of the first places; it stays level beyond k, and weights may lie between two places.
    discounts = np.concatenate([[0.0], np.cumsum(1 / np.log2(places[:-1] + 2))])
    values = np.empty(len(scores))
    for row, (found, relevant) in enumerate(zip(scores, positives, strict=True)):
        share = np.ones(len(found)) if weights is None else weights_of_irrelevant(weights[row], relevant)
        share[relevant] = 1
        gain = np.ones(len(relevant)) if gains is None else np.asarray(gains[row], dtype=np.float64)
        order = np.argsort(found, kind="stable")
        ordered = found[order]
        total = np.concatenate([[0.0], np.cumsum(share[order])])
        above = total[-1] - total[np.searchsorted(ordered, found[relevant], side="right")]
        below = total[np.searchsorted(ordered, found[relevant], side="left")]
        level = total[-1] - above - below
        discount = np.interp(above + level, places, discounts) - np.interp(above, places, discounts)
        best = np.sort(gain)[::-1][:k]
        values[row] = (gain * discount / level).sum() / (best * np.diff(discounts)[: len(best)]).sum()
    return values


def _check_gains(gains: Ragged, positives: Ragged) -> None:
    """Require a grade above 0 for each positive.

    :raises ValueError: naming the row and its grades.
    """
    if len(gains) != len(positives):
        raise ValueError(f"{len(gains)} rows of gains but {len(positives)} sets of positives")
    for row, (grades, relevant) in enumerate(zip(gains, positives, strict=True)):
        if len(grades) != len(relevant):
            raise ValueError(f"row {row} has {len(grades)} gains for {len(relevant)} positives")
        if not (np.asarray(grades) > 0).all():
            raise ValueError(f"row {row} has the gains {np.asarray(grades).tolist()}; each must be above 0")
