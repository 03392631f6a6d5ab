"""What one method reaches: every figure that is computed from its scores alone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from grape_rewrite.evaluation.inflation import Levels, centroid_cosines, hubness, score_levels
from grape_rewrite.evaluation.metrics import query_metrics
from grape_rewrite.index.top import top_items
from grape_rewrite.rewards.rank import Ragged, best_positive_rank

if TYPE_CHECKING:
    from grape_rewrite.strategies import EmbeddedAsks

# Results kept for each query: what run files hold by custom, of which the report shows the first five.
DEPTH = 100


@dataclass(frozen=True)
class Method:
    """One method's rewrites of n queries and what they reach; arrays have one entry for each query."""

    rewrites: list[str]
    metrics: dict[str, npt.NDArray[np.float64]]
    ranks: npt.NDArray[np.float64]
    levels: Levels | None
    top: npt.NDArray[np.intp]
    top_scores: npt.NDArray[np.floating]
    hubness: float
    centroid: npt.NDArray[np.float64]
    """Cosine of what each query is searched with to the centroid of the corpus."""
    truncated: int
    empties: npt.NDArray[np.int64]
    """How many of each query's rewrites were empty; the query may stand in their place."""
    among: npt.NDArray[np.float64] | None = None
    """Ranks among the few items that each query names, where every query does."""

    @property
    def empty(self) -> int:
        """How many rewrites were empty."""
        return int(self.empties.sum())


def measure(asked: "EmbeddedAsks", positives: Ragged, gains: Ragged, among: Ragged | None = None) -> Method:
    """Search the whole corpus for each query and keep the ranks, the metrics and the best `DEPTH` items.

    :param asked: what is searched with, in the order of the n queries.
    :param positives: n arrays of relevant rows, none empty.
    :param gains: n arrays of relevance grades, in the order of the positives.
    :param among: n arrays of rows, positives in them, among which the queries are ranked too; see `Query.among`.
    :return: the method's figures.
    """
    index = asked.index
    metrics, ranks, levels, tops, top_scores, near = [], [], [], [], [], []
    apart = max((len(items) for items in asked.excluded or []), default=0)
    depth = min(DEPTH, len(index) - len(index.skipped) - apart)
    for part, scores in asked.slabs():
        metrics.append(query_metrics(scores, positives[part], gains[part]))
        ranks.append(best_positive_rank(scores, positives[part]))
        levels.append(score_levels(scores, positives[part]))
        tops.append(top_items(scores, depth))
        top_scores.append(np.take_along_axis(scores, tops[-1], axis=1))
        if among is not None:
            near += [
                best_positive_rank(values[None, few], [np.flatnonzero(np.isin(few, relevant))])
                for values, few, relevant in zip(scores, among[part], positives[part], strict=True)
            ]
    top = np.concatenate(tops)
    return Method(
        rewrites=[ask.shown for ask in asked.asks],
        metrics={name: np.concatenate([part[name] for part in metrics]) for name in metrics[0]},
        ranks=np.concatenate(ranks),
        # Fused rankings have scores of their own kind, which cannot be compared with cosines.
        levels=None
        if any(ask.by_rank for ask in asked.asks)
        else Levels(*(np.concatenate(part) for part in zip(*levels, strict=True))),
        top=top,
        top_scores=np.concatenate(top_scores),
        hubness=hubness(top[:, :10], len(index.corpus)),
        centroid=centroid_cosines(asked.vectors, index.embeddings),
        truncated=index.retriever.count_truncated([text for ask in asked.asks for text in ask.texts]),
        empties=np.array([ask.empty + sum(not text.strip() for text in ask.texts) for ask in asked.asks]),
        among=None if among is None else np.concatenate(near),
    )
