"""What one method's rewrites reach: every figure that is computed from its scores alone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from grape_rewrite.evaluation.inflation import Levels, Rows, centroid_cosine, hubness, score_levels
from grape_rewrite.evaluation.metrics import query_metrics
from grape_rewrite.index.top import top_items
from grape_rewrite.rewards.rank import best_positive_rank

if TYPE_CHECKING:
    from grape_rewrite.index import Index

# Results kept for each query: what run files hold by custom, of which the report shows the first five.
DEPTH = 100
# Scores held at once: 4 million floats are 16 MiB, whatever the size of the corpus.
CELLS = 4_000_000


@dataclass(frozen=True)
class Method:
    """One method's rewrites of n queries and what they reach; arrays have one entry for each query."""

    rewrites: list[str]
    metrics: dict[str, npt.NDArray[np.float64]]
    ranks: npt.NDArray[np.float64]
    levels: Levels
    top: npt.NDArray[np.intp]
    top_scores: npt.NDArray[np.floating]
    hubness: float
    centroid: float
    truncated: int

    @property
    def empty(self) -> int:
        """Number of rewrites with nothing in them."""
        return sum(not rewrite.strip() for rewrite in self.rewrites)


def measure(
    rewrites: list[str], embeddings: npt.NDArray[np.float32], index: "Index", positives: Rows, gains: Rows
) -> Method:
    """Search the whole corpus with each rewrite and keep the ranks, the metrics and the best `DEPTH` items.

    :param rewrites: n texts, in the order of the queries.
    :param embeddings: (n, d) unit embeddings of the rewrites.
    :param index: the embedded corpus of N items.
    :param positives: n arrays of relevant rows, none empty.
    :param gains: n arrays of relevance grades, in the order of the positives.
    :return: the method's figures.
    """
    metrics, ranks, levels, tops, top_scores = [], [], [], [], []
    depth = min(DEPTH, len(index) - len(index.skipped))
    step = max(1, CELLS // len(index.corpus))
    for start in range(0, len(rewrites), step):
        part = slice(start, start + step)
        scores = index.cosines(embeddings[part])
        metrics.append(query_metrics(scores, positives[part], gains[part]))
        ranks.append(best_positive_rank(scores, positives[part]))
        levels.append(score_levels(scores, positives[part]))
        tops.append(top_items(scores, depth))
        top_scores.append(np.take_along_axis(scores, tops[-1], axis=1))
    top = np.concatenate(tops)
    return Method(
        rewrites=rewrites,
        metrics={name: np.concatenate([part[name] for part in metrics]) for name in metrics[0]},
        ranks=np.concatenate(ranks),
        levels=Levels(*(np.concatenate(part) for part in zip(*levels, strict=True))),
        top=top,
        top_scores=np.concatenate(top_scores),
        hubness=hubness(top[:, :10], len(index.corpus)),
        centroid=centroid_cosine(embeddings, index.embeddings),
        truncated=index.retriever.count_truncated(rewrites),
    )
