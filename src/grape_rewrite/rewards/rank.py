"""The rank that every rank reward and the mean reciprocal rank are made of."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.floating] | Sequence[npt.NDArray[np.floating]]
Ragged = Sequence[npt.NDArray[np.integer]]  # for each query as many numbers as it has positives
Weights = Sequence[npt.NDArray[np.floating]]


def best_positive_rank(scores: Scores, positives: Ragged, weights: Weights | None = None) -> npt.NDArray[np.float64]:
    """Return the rank of each row's best positive among the irrelevant items, a tie counting one half.

        rank = 1 + sum_{d not in P} w_d ( [s_d > s_p*] + 1/2 [s_d = s_p*] ),    s_p* = max_{p in P} s_p

    Other positives never count as competitors, so a perfect row has rank 1 however many positives it has. With a sample
    of the corpus instead of the whole, the weights say how many items each stands for: see `draw_pool`.

    >>> best_positive_rank(np.array([[0.9, 0.5, 0.5, 0.1]]), [np.array([1])])
    array([2.5])

    :param scores: n rows of scores of every candidate, one row for each rewrite: an (n, N) array, or n arrays.
    :param positives: n arrays of column numbers, none empty.
    :param weights: n arrays like the rows of scores; all 1 when not given. Those of positives do not matter.
    :return: (n,) ranks of at least 1.
    :raises ValueError: when a row has no positive, or one twice or outside, a score is not a number, or lengths differ.
    """
    check_rows(scores, positives, weights)
    ranks = np.empty(len(scores))
    for row, (values, relevant) in enumerate(zip(scores, positives, strict=True)):
        best = values[relevant].max()
        if weights is None:
            above = float(np.count_nonzero(values > best))
            level = float(np.count_nonzero(values == best) - np.count_nonzero(values[relevant] == best))
        else:
            share = weights_of_irrelevant(weights[row], relevant)
            above, level = share[values > best].sum(), share[values == best].sum()
        ranks[row] = 1 + above + level / 2
    return ranks


def weights_of_irrelevant(
    weights: npt.NDArray[np.floating], relevant: npt.NDArray[np.integer]
) -> npt.NDArray[np.float64]:
    """Return a row's weights with those of its positives set to 0."""
    share = np.array(weights, dtype=np.float64)
    share[relevant] = 0
    return share


def check_rows(scores: Scores, positives: Ragged, weights: Weights | None = None) -> None:
    """Require a set of positives for each row of scores, none empty or with an item twice, and weights like the scores.

    A score that is not a number is neither above nor below another, and would pass for the best of all.

    :raises ValueError: naming the row and what is wrong with it, or the lengths that differ.
    """
    if len(scores) != len(positives):
        raise ValueError(f"{len(scores)} rows of scores but {len(positives)} sets of positives")
    for row, (values, relevant) in enumerate(zip(scores, positives, strict=True)):
        if len(relevant) == 0:
            raise ValueError(f"row {row} has no positive; a rank needs at least one")
        if min(relevant) < 0 or max(relevant) >= len(values):
            raise ValueError(f"row {row} has {len(values)} scores and positives {np.asarray(relevant).tolist()}")
        if len(relevant) > 1 and len(np.unique(relevant)) < len(relevant):
            raise ValueError(f"row {row} has a positive twice, {np.asarray(relevant).tolist()}; each counts once")
        if np.isnan(values.min()):  # the least of numbers is none if one of them is; nothing is copied
            raise ValueError(f"row {row} has a score that is not a number, in column {np.isnan(values).argmax()}")
    if weights is not None:
        _check_weights(scores, weights)


def _check_weights(scores: Scores, weights: Weights) -> None:
    if [len(row) for row in weights] != [len(row) for row in scores]:
        raise ValueError("the rows of weights are not as long as those of the scores")
    for row, values in enumerate(weights):
        if not values.min() >= 0:  # nor is one that is not a number
            raise ValueError(f"row {row} has the weight {values.min()}; each is 0 or more")
