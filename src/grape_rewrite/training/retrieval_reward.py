"""Rewards bound to an index, with the signature of TRL's reward functions: they work in a stock `trl.GRPOTrainer`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from grape_rewrite.index import Index
from grape_rewrite.rewards import REWARDS, best_positive_rank, reward


def text_of(completion: Any) -> str:
    """Return the text of a completion as TRL passes it: a string, or a list of messages."""
    return completion if isinstance(completion, str) else "".join(str(turn["content"]) for turn in completion)


class RetrievalReward:
    """The reward of a rewrite by where the frozen retriever ranks its target.

    The data set that TRL trains on needs a column `positives`: the corpus rows relevant to each prompt. Ranks, scores
    and texts of the latest batch stay in `ranks` and `rewrites`, so that a display can show them.

    :param index: the corpus, embedded by the frozen retriever.
    :param name: one of `grape_rewrite.rewards.REWARDS`.
    """

    def __init__(self, index: Index, name: str = "rank_log") -> None:
        if name not in REWARDS:
            raise ValueError(f"unknown reward {name!r}; known: {', '.join(REWARDS)}")
        self.__name__ = name
        self.index = index
        self.name = name
        self.ranks = np.zeros(0)
        self.rewrites: list[str] = []

    def __call__(self, completions: Sequence[Any], positives: Sequence[Sequence[int]], **extra: Any) -> list[float]:
        """Return one reward for each completion; an empty one is worth what the worst rank is."""
        self.rewrites = [text_of(completion).strip() for completion in completions]
        distinct = {text: row for row, text in enumerate(dict.fromkeys(self.rewrites))}
        scores = self.index.scores(list(distinct))[[distinct[text] for text in self.rewrites]]
        # A retriever gives even the empty text some place; a rewriter must not learn to use that.
        empty = np.array([not text for text in self.rewrites])
        rows = [np.asarray(row, dtype=np.int64) for row in positives]
        for place in np.flatnonzero(empty):
            scores[place] = 1.0
            scores[place, rows[place]] = -1.0
        self.ranks = best_positive_rank(scores, rows)
        if "log_metric" in extra:
            extra["log_metric"]("mrr", float((1 / self.ranks).mean()))
            extra["log_metric"]("empty", float(empty.mean()))
        return [float(value) for value in reward(self.name, scores, rows)]
