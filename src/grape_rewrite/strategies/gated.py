"""Leave alone what needs no rewriting, and what rewriting does not help."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from grape_rewrite.datasets import Query
from grape_rewrite.index import Index
from grape_rewrite.index.index import Slab
from grape_rewrite.strategies.ask import Ask, Strategy
from grape_rewrite.strategies.confidence import confidence
from grape_rewrite.strategies.scoring import EmbeddedAsks, embed_asks


@dataclass(frozen=True)
class Sure:
    """Rewrite only those queries whose raw result does not stand out: the others cost nothing.

    :param inner: what is done with the queries that are rewritten.
    :param threshold: the `confidence` of the raw query from which on it is left alone.
    """

    inner: Strategy
    threshold: float

    def __call__(self, queries: Sequence[Query], index: Index) -> list[Ask]:
        """Return the query itself, or what `inner` asks for it."""
        sure = confidence(_raw_slabs(queries, index)) >= self.threshold
        return _where(list(sure), queries, index, self.inner)


@dataclass(frozen=True)
class ForLanguages:
    """Rewrite only queries in languages that the retriever was not made for.

    :param inner: what is done with the queries that are rewritten.
    :param known: languages that are left alone.
    """

    inner: Strategy
    known: frozenset[str]

    def __call__(self, queries: Sequence[Query], index: Index) -> list[Ask]:
        """Return the query itself, or what `inner` asks for it."""
        return _where([query.language in self.known for query in queries], queries, index, self.inner)


@dataclass(frozen=True)
class Worthwhile:
    """Search with the query itself where what `inner` asks does not stand out more than the query does.

    :param inner: what is tried for every query, one that searches with a mean: fused rankings have no cosines.
    :param threshold: how much more it must stand out, in `confidence`; lower lets more rewrites through.
    """

    inner: Strategy
    threshold: float = 0.0

    def __call__(self, queries: Sequence[Query], index: Index) -> list[Ask]:
        """Return what `inner` asks, or the query itself with the cost of having tried."""
        asks = self.inner(queries, index)
        if not asks:
            return []
        before = confidence(_raw_slabs(queries, index))
        after = confidence(EmbeddedAsks(asks, index, embed_asks(asks, index), queries, index.own(queries)).slabs())
        return [
            ask if gain > self.threshold else replace(ask, texts=(query.text,), weights=None, by_rank=False)
            for ask, query, gain in zip(asks, queries, after - before, strict=True)
        ]


def _raw_slabs(queries: Sequence[Query], index: Index) -> Iterator[Slab]:
    """The scores of the queries as they are."""
    return index.slabs(index.embed([query.text for query in queries], queries), index.own(queries))


def _where(alone: Sequence[bool], queries: Sequence[Query], index: Index, inner: Strategy) -> list[Ask]:
    """The queries themselves where they are left alone, what `inner` asks elsewhere."""
    rest = iter(inner([query for query, leave in zip(queries, alone, strict=True) if not leave], index))
    return [Ask((query.text,)) if leave else next(rest) for query, leave in zip(queries, alone, strict=True)]
