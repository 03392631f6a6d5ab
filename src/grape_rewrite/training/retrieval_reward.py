"""Rewards bound to an index, with the signature of TRL's reward functions: they work in a stock `trl.GRPOTrainer`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from grape_rewrite.datasets import Query
from grape_rewrite.index import Index
from grape_rewrite.index.index import NEVER
from grape_rewrite.rewards import REWARDS, Candidates, draw_pool
from grape_rewrite.training.example import Example
from grape_rewrite.training.groups import share_distinct, share_without_variance
from grape_rewrite.training.own_reward import OwnReward

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]


def text_of(completion: Any) -> str:
    """Return the text of a completion as TRL passes it: a string, or a list of messages."""
    return completion if isinstance(completion, str) else "".join(str(turn["content"]) for turn in completion)


class RetrievalReward:
    """The reward of a rewrite by where the frozen retriever ranks its target.

    The data set that TRL trains on needs a column `positives`: the corpus rows relevant to each prompt; `gains` are
    their grades, `excluded` the rows that it must not find, such as its own picture, and `picture` that picture's file.
    With columns `query` and `rank_before` too, `examples` can show the latest batch.

    :param index: the corpus, embedded by the frozen retriever.
    :param name: one of `grape_rewrite.rewards.REWARDS`, or `module:function`, see `OwnReward`.
    :param uniform: how many items are drawn to stand for the corpus; the whole corpus by default. Then the data set
        needs the columns `hard`, corpus rows that always compete, and `draw`, a number that decides what is drawn.
    :param seed: of what is drawn.
    :param answer: from a completion to the rewrite in it, for models that reason first; see `Prompt.answer`.
    :raises ValueError: when there is no reward of that name.
    """

    def __init__(
        self,
        index: Index,
        name: str = "rank_log",
        uniform: int | None = None,
        seed: int = 0,
        answer: Callable[[str], str] = str.strip,
    ) -> None:
        if name not in REWARDS and ":" not in name:
            raise ValueError(f"unknown reward {name!r}; known: {', '.join(REWARDS)}, or module:function")
        self.__name__ = name
        self.index = index
        self.uniform = uniform
        self.seed = seed
        self.answer = answer
        self._own = None if name in REWARDS else OwnReward(name)
        self._latest: list[Example] = []

    def __call__(self, completions: Sequence[Any], positives: Sequence[Sequence[int]], **extra: Any) -> list[float]:
        """Return one reward for each completion; an empty one is worth what the worst rank is."""
        rewrites = [self.answer(text_of(completion)) for completion in completions]
        rows = [np.asarray(row, dtype=np.int64) for row in positives]
        apart = [np.asarray(row, dtype=np.int64) for row in extra.get("excluded") or [()] * len(rows)]
        spoken = self._embed(rewrites, extra.get("picture") or [None] * len(rows))
        if self.uniform is None:
            candidates = self._whole(spoken, rows, apart, extra.get("gains"))
        else:
            candidates = self._pooled(spoken, rows, apart, extra["hard"], extra["draw"], extra.get("gains"))
        values = self._own(rewrites, candidates) if self._own else REWARDS[self.__name__](candidates).tolist()
        ranks = candidates.ranks
        if "query" in extra and "rank_before" in extra:
            columns = (extra["query"], rewrites, extra["rank_before"], ranks.tolist())
            self._latest = [Example(*row) for row in zip(*columns, strict=True)]
        if "log_metric" in extra:
            extra["log_metric"]("mrr", float((1 / ranks).mean()))
            extra["log_metric"]("empty", float(np.mean([not text for text in rewrites])))
            extra["log_metric"]("distinct", share_distinct(extra.get("draw", extra["prompts"]), rewrites))
            extra["log_metric"]("zero_variance", share_without_variance(extra.get("draw", extra["prompts"]), values))
        return values

    def _whole(self, spoken: "Spoken", positives: list[Rows], apart: list[Rows], gains: Any) -> Candidates:
        """Score each rewrite against the whole corpus: 4 N bytes for each distinct one, which a pool would bound."""
        found = self.index.cosines(spoken.embedded)
        scores = [
            _worst(len(self.index), relevant) if place is None else _without(found[place], never)
            for place, relevant, never in zip(spoken.places, positives, apart, strict=True)
        ]
        return Candidates(scores, positives, gains)

    def _pooled(
        self,
        spoken: "Spoken",
        positives: list[Rows],
        apart: list[Rows],
        hard: Sequence[Any],
        draws: Sequence[int],
        gains: Any,
    ) -> Candidates:
        """Score each rewrite against a pool; rewrites of the same draw, which are a group, share theirs."""
        groups: dict[int, list[int]] = {}
        for row, draw in enumerate(draws):
            groups.setdefault(draw, []).append(row)
        scores: list[Floats] = [np.zeros(0)] * len(positives)
        weights = list(scores)
        columns = [np.arange(len(relevant)) for relevant in positives]
        for draw, members in groups.items():
            first = members[0]
            pool = draw_pool(
                positives[first],
                np.asarray(hard[first], dtype=np.int64),
                self.uniform or 0,
                len(self.index),
                np.random.default_rng([self.seed, draw]),
            )
            said = {row: place for row in members if (place := spoken.places[row]) is not None}
            found = self.index.cosines(spoken.embedded[list(said.values())], pool.rows)
            for row in members:
                scores[row] = _worst(len(pool.rows), columns[row])
                weights[row] = pool.weights
            for row, values in zip(said, found, strict=True):
                scores[row] = _without(values, np.flatnonzero(np.isin(pool.rows, apart[row])))
        return Candidates(scores, columns, gains, weights)

    def _embed(self, rewrites: Sequence[str], pictures: Sequence[str | None]) -> "Spoken":
        """Embed the distinct rewrites that are not empty, each with the picture of its query."""
        keys = [(text, picture) if text else None for text, picture in zip(rewrites, pictures, strict=True)]
        distinct = {key: row for row, key in enumerate(dict.fromkeys(key for key in keys if key))}
        queries = [Query("", text, image=Path(picture) if picture else None) for text, picture in distinct]
        embedded = (
            self.index.embed([query.text for query in queries], queries)
            if queries
            else np.zeros((0, self.index.retriever.dimension), dtype=np.float32)
        )
        return Spoken(embedded, [distinct[key] if key else None for key in keys])

    def examples(self, count: int = 5) -> list[Example]:
        """Return a few rewrites of the latest batch, of different queries, evenly over the batch."""
        first = list({example.query: example for example in reversed(self._latest)}.values())[::-1]
        return first[:: max(1, len(first) // count)][:count]


class Spoken(NamedTuple):
    """The distinct embeddings of a batch's rewrites, and the row of each rewrite; None where it is empty."""

    embedded: npt.NDArray[np.float32]
    places: list[int | None]


def _without(scores: Floats, apart: Rows) -> Floats:
    """The scores with those of some items below all others; the array itself where there are none."""
    if len(apart) == 0:
        return scores
    scores = scores.copy()  # equal rewrites of other queries share it
    scores[apart] = NEVER
    return scores


def _worst(size: int, relevant: Rows) -> Floats:
    """Scores that put all irrelevant items before the positives.

    A retriever gives even the empty text some place; a rewriter must not learn to use that.
    """
    scores = np.ones(size, dtype=np.float32)
    scores[relevant] = -1.0
    return scores
