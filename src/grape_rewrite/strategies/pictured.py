"""How much a query's own picture counts beside what another strategy asks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grape_rewrite.datasets import Query
from grape_rewrite.index import Index
from grape_rewrite.strategies.ask import Ask, Strategy
from grape_rewrite.strategies.plain import Raw


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


def alone() -> dict[str, Strategy]:
    """Return what searches with one of the two that a query with a picture is made of: `image` and `text`."""
    return {"image": Pictured(Raw(), 1.0), "text": Pictured(Raw(), 0.0)}
