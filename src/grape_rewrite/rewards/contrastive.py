"""A reward for the share of the softmax that the positive takes, as retrievers themselves are trained."""

import numpy as np
import numpy.typing as npt

from grape_rewrite.rewards.rank import Ragged, Scores, Weights, check_rows, weights_of_irrelevant

TAU = 0.05  # in the range that CLIP and sentence encoders learn (0.01 to 0.07)


def contrastive(
    scores: Scores, positives: Ragged, tau: float = TAU, weights: Weights | None = None
) -> npt.NDArray[np.float64]:
    """Return the log-softmax of the best positive among the irrelevant items (InfoNCE), scaled to the corpus.

        1 + log( e^(s_p*/tau) / (e^(s_p*/tau) + sum_d w_d e^(s_d/tau)) ) / log(N + 1),    N = sum_d w_d

    It is 1 where nothing else has a share, 0 where all scores are equal, for corpora of any size; what lies between
    depends on the size. A baseline.

    >>> contrastive(np.array([[0.5, 0.5, 0.5, 0.5]]), [np.array([1])])
    array([0.])

    :param scores: n rows of scores of every candidate.
    :param positives: n arrays of column numbers, none empty.
    :param tau: temperature of the softmax, above 0, in the unit of the scores.
    :param weights: n arrays like the rows of scores: how many items each stands for.
    :return: (n,) rewards of at most 1; 1 where there is no competitor.
    :raises ValueError: when tau is not above 0, a row has no positive, or one twice, a score is not a number, or the
        lengths differ.
    """
    if tau <= 0:
        raise ValueError(f"tau is {tau}; a temperature must be above 0")
    check_rows(scores, positives, weights)
    values = np.ones(len(scores))
    for row, (found, relevant) in enumerate(zip(scores, positives, strict=True)):
        share = weights_of_irrelevant(np.ones(len(found)) if weights is None else weights[row], relevant)
        if share.sum() > 0:
            logits = (found.astype(np.float64) - found[relevant].max()) / tau
            top = max(0.0, float(logits.max()))
            total = np.exp(-top) + (share * np.exp(logits - top)).sum()
            values[row] = 1 - (top + np.log(total)) / np.log(share.sum() + 1)
    return values
