"""Rewrites of a rewriter with what they cost, made once for all strategies that want the same."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from grape_rewrite.rewriting import Rewriter


class Generated(NamedTuple):
    """The rewrites of one query, none of them empty, and what it took to make them."""

    texts: tuple[str, ...]
    tokens: float
    seconds: float


@dataclass
class Generations:
    """A rewriter whose rewrites are remembered, with the time that they took when they were made.

    :param rewriter: the rewriter.
    :param temperature: of the sampling.
    :param seed: of the sampling.
    :param progress: show a progress bar while rewriting.
    """

    rewriter: Rewriter
    temperature: float = 0.7
    seed: int = 0
    progress: bool = False
    _known: dict[tuple[int, str], Generated] = field(default_factory=dict, repr=False)

    def greedy(self, queries: Sequence[str]) -> list[Generated]:
        """Return the likeliest rewrite of each query; the query itself where that is empty."""
        return self._make(queries, 0)

    def sampled(self, queries: Sequence[str], count: int) -> list[Generated]:
        """Return `count` samples of each query, at least 1; the query itself in the place of empty ones."""
        return self._make(queries, count)

    def _make(self, queries: Sequence[str], count: int) -> list[Generated]:
        new = [query for query in dict.fromkeys(queries) if (count, query) not in self._known]
        if new:
            start = time.perf_counter()
            temperature, seed = (self.temperature, self.seed) if count else (0.0, None)
            found = self.rewriter.rewrite(new, max(1, count), temperature, seed, progress=self.progress)
            seconds = (time.perf_counter() - start) / len(new)
            for query, texts in zip(new, found, strict=True):
                tokens = sum(len(ids) for ids in self.rewriter.tokenizer(texts)["input_ids"])
                self._known[count, query] = Generated(tuple(text or query for text in texts), tokens, seconds)
        return [self._known[count, query] for query in queries]
