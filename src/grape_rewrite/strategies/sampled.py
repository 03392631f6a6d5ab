"""Several samples, fused."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grape_rewrite.datasets import Query
from grape_rewrite.index import Index
from grape_rewrite.strategies.ask import Ask
from grape_rewrite.strategies.generations import Generations


@dataclass(frozen=True)
class Sampled:
    """Search with K samples together: with the mean of their embeddings, or by fusing their rankings.

    :param count: K, at least 1.
    :param by_rank: reciprocal rank fusion instead of the mean.
    """

    generations: Generations
    count: int = 4
    by_rank: bool = False

    def __call__(self, queries: Sequence[Query], index: Index) -> list[Ask]:
        """Return the samples of each query."""
        found = self.generations.sampled(index.asked(queries, self.generations.sees), self.count)
        return [replace(made.ask(made.texts), by_rank=self.by_rank) for made in found]
