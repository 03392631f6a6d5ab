"""What a strategy sends to the retriever for a query."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from grape_rewrite.datasets import Query
    from grape_rewrite.index import Index


@dataclass(frozen=True)
class Ask:
    """One or several texts that are searched with together, and what it took to make them.

    :param texts: at least one.
    :param weights: of the texts' embeddings in their mean; all equal when not given.
    :param picture_weight: the share of the query's own picture, where it has one; the index's by default.
    :param by_rank: fuse the rankings of the texts (`reciprocal_rank_fusion`) rather than search with their mean.
    :param tokens: how many were generated for this query, those of texts that were not used included.
    :param seconds: how long that took, this query's share of a batch.
    :param empty: how many of the rewrites were empty; the query stands in their place.
    """

    texts: tuple[str, ...]
    weights: tuple[float, ...] | None = None
    picture_weight: float | None = None
    by_rank: bool = False
    tokens: float = 0.0
    seconds: float = 0.0
    empty: int = 0

    @property
    def shown(self) -> str:
        """All texts in one line, each once."""
        return " | ".join(dict.fromkeys(self.texts))


class Strategy(Protocol):
    """A way from queries to what is searched with."""

    def __call__(self, queries: "Sequence[Query]", index: "Index") -> list[Ask]:
        """Return one `Ask` for each query."""
        ...
