"""Rewards bound to an index, with the signature of TRL's reward functions: they work in a stock `trl.GRPOTrainer`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from grape_rewrite.index import Index
from grape_rewrite.rewards import REWARDS, best_positive_rank, reward
from grape_rewrite.training.example import Example


def text_of(completion: Any) -> str:
    """Return the text of a completion as TRL passes it: a string, or a list of messages."""
    return completion if isinstance(completion, str) else "".join(str(turn["content"]) for turn in completion)


def share_without_variance(prompts: Sequence[Any], values: Sequence[float]) -> float:
    """Return the share of groups (rewrites of one prompt) that a reward cannot tell apart, and so cannot teach.

    >>> share_without_variance(["a", "a", "b", "b"], [0.5, 0.5, 0.5, 1.0])
    0.5
    """
    groups: dict[str, set[float]] = {}
    for prompt, value in zip(prompts, values, strict=True):
        groups.setdefault(str(prompt), set()).add(value)
    return sum(len(group) == 1 for group in groups.values()) / len(groups)


class RetrievalReward:
    """The reward of a rewrite by where the frozen retriever ranks its target.

    The data set that TRL trains on needs a column `positives`: the corpus rows relevant to each prompt. With columns
    `query` and `rank_before` too, `examples` can show the latest batch.

    :param index: the corpus, embedded by the frozen retriever.
    :param name: one of `grape_rewrite.rewards.REWARDS`.
    """

    def __init__(self, index: Index, name: str = "rank_log") -> None:
        if name not in REWARDS:
            raise ValueError(f"unknown reward {name!r}; known: {', '.join(REWARDS)}")
        self.__name__ = name
        self.index = index
        self.name = name
        self._latest: list[Example] = []

    def __call__(self, completions: Sequence[Any], positives: Sequence[Sequence[int]], **extra: Any) -> list[float]:
        """Return one reward for each completion; an empty one is worth what the worst rank is."""
        rewrites = [text_of(completion).strip() for completion in completions]
        rows = [np.asarray(row, dtype=np.int64) for row in positives]
        scores = self._scores(rewrites, rows)
        ranks = best_positive_rank(scores, rows)
        values = [float(value) for value in reward(self.name, scores, rows)]
        if "query" in extra and "rank_before" in extra:
            columns = (extra["query"], rewrites, extra["rank_before"], ranks.tolist())
            self._latest = [Example(*row) for row in zip(*columns, strict=True)]
        if "log_metric" in extra:
            extra["log_metric"]("mrr", float((1 / ranks).mean()))
            extra["log_metric"]("empty", float(np.mean([not text for text in rewrites])))
            extra["log_metric"]("zero_variance", share_without_variance(extra["prompts"], values))
        return values

    def _scores(self, rewrites: list[str], rows: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.float32]:
        """Score each rewrite (n, N); each distinct text is embedded once.

        A retriever gives even the empty text some place; a rewriter must not learn to use that, so all irrelevant items
        are put before the positives.
        """
        distinct = {text: row for row, text in enumerate(dict.fromkeys(text for text in rewrites if text))}
        scores = np.ones((len(rewrites), len(self.index)), dtype=np.float32)
        spoken = [place for place, text in enumerate(rewrites) if text]
        if spoken:
            scores[spoken] = self.index.scores(list(distinct))[[distinct[rewrites[place]] for place in spoken]]
        for place, text in enumerate(rewrites):
            if not text:
                scores[place, rows[place]] = -1.0
        return scores

    def examples(self, count: int = 5) -> list[Example]:
        """Return a few rewrites of the latest batch, of different queries, evenly over the batch."""
        first = list({example.query: example for example in reversed(self._latest)}.values())[::-1]
        return first[:: max(1, len(first) // count)][:count]
