"""The two plain strategies: the query as it is, and its likeliest rewrite."""

from collections.abc import Sequence
from dataclasses import dataclass

from grape_rewrite.datasets import Query
from grape_rewrite.index import Index
from grape_rewrite.strategies.ask import Ask
from grape_rewrite.strategies.generations import Generations


@dataclass(frozen=True)
class Raw:
    """Search with the query as it is."""

    def __call__(self, queries: Sequence[Query], index: Index) -> list[Ask]:
        """Return the queries."""
        return [Ask((query.text,)) for query in queries]


@dataclass(frozen=True)
class Greedy:
    """Search with the likeliest rewrite: the default."""

    generations: Generations

    def __call__(self, queries: Sequence[Query], index: Index) -> list[Ask]:
        """Return one rewrite for each query."""
        found = self.generations.greedy(index.asked(queries, self.generations.sees))
        return [made.ask(made.texts) for made in found]
