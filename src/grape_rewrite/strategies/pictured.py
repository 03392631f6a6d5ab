"""How much a query's own picture counts beside what another strategy asks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grape_rewrite.datasets import Query
from grape_rewrite.index import Index
from grape_rewrite.strategies.ask import Ask, Strategy


@dataclass(frozen=True)
class Pictured:
    """Search between what another strategy asks and the query's own picture; queries without one stay as they are.

    :param inner: the other strategy.
    :param weight: of the picture, from 0 (the other alone) to 1 (the picture alone).
    """

    inner: Strategy
    weight: float

    def __call__(self, queries: Sequence[Query], index: Index) -> list[Ask]:
        """Return what the other strategy asks, with this weight of the pictures, with which it has searched itself."""
        asks = self.inner(queries, index.searched(picture_weight=self.weight))
        return [replace(ask, picture_weight=self.weight) for ask in asks]
