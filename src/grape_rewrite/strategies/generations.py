"""Rewrites of a rewriter with what they cost, made once for all strategies that want the same."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from grape_rewrite.rewriting import Rewriter
from grape_rewrite.rewriting.asked import Asked, as_asked
from grape_rewrite.rewriting.defaults import TEMPERATURE
from grape_rewrite.strategies.ask import Ask

GREEDY = 0


class Generated(NamedTuple):
    """The rewrites of one query and what it took to make them; the query itself stands in the place of empty ones."""

    texts: tuple[str, ...]
    lengths: tuple[int, ...]
    seconds: float
    empties: tuple[bool, ...]

    @property
    def tokens(self) -> int:
        """How many tokens were generated."""
        return sum(self.lengths)

    @property
    def empty(self) -> int:
        """How many of the rewrites were empty."""
        return sum(self.empties)

    def ask(self, texts: tuple[str, ...]) -> Ask:
        """Return what is searched with, at the cost of these rewrites.

        :param texts: made of the rewrites, or some of them.
        """
        return Ask(texts, tokens=self.tokens, seconds=self.seconds, empty=self.empty)

    def part(self, which: slice) -> "Generated":
        """Return some of the rewrites, with their share of the time."""
        texts = self.texts[which]
        share = len(texts) / len(self.texts)
        return Generated(texts, self.lengths[which], self.seconds * share, self.empties[which])


@dataclass
class Generations:
    """A rewriter whose rewrites are remembered, with the time that they took when they were made.

    :param rewriter: the rewriter.
    :param temperature: of the sampling.
    :param seed: of the sampling.
    :param progress: show a progress bar while rewriting.
    :param ahead: make this many samples of a query as soon as any is wanted, and give those that want fewer the first
        of them: strategies of different K then share their samples. 0 to make what is asked for.
    """

    rewriter: Rewriter
    temperature: float = TEMPERATURE
    seed: int = 0
    progress: bool = False
    ahead: int = 0
    _known: dict[tuple[int, int, Asked], Generated] = field(default_factory=dict, repr=False)

    @property
    def sees(self) -> bool:
        """Whether the rewriter is shown the pictures of queries."""
        return self.rewriter.sees

    def greedy(self, queries: Sequence[Asked | str]) -> list[Generated]:
        """Return the likeliest rewrite of each query."""
        return self._make(as_asked(queries), GREEDY, 0)

    def sampled(self, queries: Sequence[Asked | str], count: int, after: int = 0) -> list[Generated]:
        """Return samples of each query.

        :param count: how many, at least 1.
        :param after: how many have been made before; these are others.
        """
        asked = as_asked(queries)
        if after + count <= self.ahead:
            return [made.part(slice(after, after + count)) for made in self._make(asked, self.ahead, 0)]
        return self._make(asked, count, after)

    def _make(self, queries: Sequence[Asked], count: int, after: int) -> list[Generated]:
        new = [query for query in dict.fromkeys(queries) if (count, after, query) not in self._known]
        if new:
            start = time.perf_counter()
            temperature, seed = (0.0, None) if count == GREEDY else (self.temperature, 1000 * self.seed + after)
            found = self.rewriter.generate(new, max(1, count), temperature, seed, progress=self.progress)
            seconds = (time.perf_counter() - start) / len(new)
            for query, rewrites in zip(new, found, strict=True):
                self._known[count, after, query] = Generated(
                    tuple(query.or_query(made.text) for made in rewrites),
                    tuple(made.tokens for made in rewrites),
                    seconds,
                    tuple(not made.text for made in rewrites),
                )
        return [self._known[count, after, query] for query in queries]
