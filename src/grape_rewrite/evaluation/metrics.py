"""Ranking metrics of each query: recall, reciprocal rank, nDCG, none of them swayed by the order of the corpus.

Items with equal scores have no order among themselves. Recall and nDCG are therefore expected values over all orders
of the tied items (McSherry and Najork, "Computing Information Retrieval Performance Measures Efficiently in the
Presence of Tied Scores", ECIR 2008); the reciprocal rank takes the average rank, a tie counting one half. Without
ties all three equal ranx's and trec_eval's `recall`, `ndcg` (linear gain) and `mrr`.
"""

import numpy as np
import numpy.typing as npt

from grape_rewrite.rewards.ndcg import ndcg
from grape_rewrite.rewards.rank import Ragged, best_positive_rank, check_rows

Scores = npt.NDArray[np.floating]

LABELS = {
    "recall@1": "Recall@1",
    "recall@5": "Recall@5",
    "recall@10": "Recall@10",
    "mrr": "MRR",
    "ndcg@10": "nDCG@10",
}
HEADINGS = {name: label.replace("Recall", "R") for name, label in LABELS.items()}  # of narrow columns
METRICS = tuple(LABELS)


def recall(scores: Scores, positives: Ragged, k: int) -> npt.NDArray[np.float64]:
    """Return the share of each query's positives expected among its k best items.

    >>> recall(np.array([[0.9, 0.5, 0.5, 0.1]]), [np.array([1])], k=2)  # tied with one other for the second place
    array([0.5])

    :param scores: (n, N) scores of every corpus item for each of n queries.
    :param positives: n arrays of column numbers, none empty.
    :param k: how many of the best items count, at least 1.
    :return: (n,) shares in [0, 1].
    :raises ValueError: when k is not positive, or the input is none that `best_positive_rank` takes.
    """
    if k < 1:
        raise ValueError(f"k is {k}; it must be at least 1")
    check_rows(scores, positives)
    found = np.empty(len(scores))
    for row, (values, relevant) in enumerate(zip(scores, positives, strict=True)):
        above, level = _places(values, relevant)
        found[row] = np.clip((k - above) / level, 0, 1).mean()
    return found


def reciprocal_rank(scores: Scores, positives: Ragged) -> npt.NDArray[np.float64]:
    """Return 1 / rank of each query's best positive, the rank being `best_positive_rank`.

    >>> reciprocal_rank(np.array([[0.9, 0.5, 0.5, 0.1]]), [np.array([1])])
    array([0.4])

    :param scores: (n, N) scores.
    :param positives: n arrays of column numbers, none empty.
    :return: (n,) values in (0, 1].
    :raises ValueError: when the input is none that `best_positive_rank` takes.
    """
    return 1 / best_positive_rank(scores, positives)


def query_metrics(scores: Scores, positives: Ragged, gains: Ragged | None = None) -> dict[str, npt.NDArray[np.float64]]:
    """Return every metric of the evaluation, `METRICS`, for each query.

    :param scores: (n, N) scores.
    :param positives: n arrays of column numbers, none empty.
    :param gains: n arrays of relevance grades for nDCG; all 1 when not given.
    :return: metric name -> (n,) values.
    :raises ValueError: when the input is none that `best_positive_rank` takes.
    """
    return {
        "recall@1": recall(scores, positives, 1),
        "recall@5": recall(scores, positives, 5),
        "recall@10": recall(scores, positives, 10),
        "mrr": reciprocal_rank(scores, positives),
        "ndcg@10": ndcg(scores, positives, 10, gains),
    }


def _places(
    values: npt.NDArray[np.floating], items: npt.NDArray[np.integer]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return for each item how many score above it, and how many level with it (itself counted)."""
    ordered = np.sort(values)
    upto = np.searchsorted(ordered, values[items], side="right")
    below = np.searchsorted(ordered, values[items], side="left")
    return len(values) - upto, upto - below
