"""Keep a share of the query: what was right in it is not lost, whatever the rewrite makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grape_rewrite.datasets import Query
from grape_rewrite.index import Index
from grape_rewrite.strategies.ask import Ask, Strategy


@dataclass(frozen=True)
class Interpolated:
    """Search between the query and what another strategy asks.

    With K samples and the weight 1 / (K + 1) this is HyDE (Gao et al., ACL 2023).

    :param inner: the other strategy, one that searches with a mean.
    :param weight: of the query, from 0 (the other alone) to 1 (the query alone).
    """

    inner: Strategy
    weight: float = 0.2

    def __call__(self, queries: Sequence[Query], index: Index) -> list[Ask]:
        """Return what the other strategy asks, with the query beside it."""
        return [
            replace(ask, texts=(*ask.texts, query.text), weights=(*self._shares(ask), self.weight))
            for query, ask in zip(queries, self.inner(queries, index), strict=True)
        ]

    def _shares(self, ask: Ask) -> list[float]:
        weights = ask.weights or (1.0,) * len(ask.texts)
        return [(1 - self.weight) * weight / sum(weights) for weight in weights]
