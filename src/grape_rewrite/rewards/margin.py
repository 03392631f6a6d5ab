"""A reward for standing out from the strongest competitors."""

import numpy as np
import numpy.typing as npt

from grape_rewrite.rewards.rank import Ragged, Scores, Weights, check_rows, weights_of_irrelevant


def margin(scores: Scores, positives: Ragged, k: int = 10, weights: Weights | None = None) -> npt.NDArray[np.float64]:
    """Return `s(r, p*) - mean of the k highest s(r, d)` over the irrelevant items d: a baseline.

    Raising all scores at once earns nothing, but neither does it matter how many items stand in front. It depends on
    the size of the corpus: the k highest of more items score higher, so that the same text earns less.

    >>> margin(np.array([[0.75, 0.5, 0.25, 0.0]]), [np.array([1])], k=2)
    array([0.])

    :param scores: n rows of scores of every candidate.
    :param positives: n arrays of column numbers, none empty.
    :param k: how many competitors, at least 1; all of them where there are fewer.
    :param weights: n arrays like the rows of scores: how many items each stands for, also among the k.
    :return: (n,) rewards in the unit of the scores; 0 where there is no competitor.
    :raises ValueError: when k is below 1, a row has no positive, or one twice, a score is not a number, or the
        lengths differ.
    """
    if k < 1:
        raise ValueError(f"k is {k}; at least one competitor must count")
    check_rows(scores, positives, weights)
    values = np.zeros(len(scores))
    for row, (found, relevant) in enumerate(zip(scores, positives, strict=True)):
        share = weights_of_irrelevant(np.ones(len(found)) if weights is None else weights[row], relevant)
        order = np.argsort(-found, kind="stable")
        upto = np.minimum(np.cumsum(share[order]), k)
        counted = np.diff(upto, prepend=0.0)  # how much of each item is among the k
        if upto[-1] > 0:
            values[row] = found[relevant].max() - (counted * found[order]).sum() / upto[-1]
    return values
