"""The one of several samples that the retriever is surest of."""

from collections.abc import Sequence
from dataclasses import dataclass

from grape_rewrite.datasets import Query
from grape_rewrite.index import Index
from grape_rewrite.strategies.ask import Ask
from grape_rewrite.strategies.confidence import confidence
from grape_rewrite.strategies.generations import Generations


@dataclass(frozen=True)
class MostConfident:
    """Search with the one of K samples that the retriever is surest of: whose best item stands out most.

    A text's confidence is its best score less the mean of the ten that follow.
    """

    generations: Generations
    count: int = 4

    def __call__(self, queries: Sequence[Query], index: Index) -> list[Ask]:
        """Return one sample of each query."""
        found = self.generations.sampled(index.asked(queries, self.generations.sees), self.count)
        pairs = list(
            dict.fromkeys((text, query) for query, made in zip(queries, found, strict=True) for text in made.texts)
        )
        asked = [query for _, query in pairs]
        slabs = index.slabs(index.embed([text for text, _ in pairs], asked), index.own(asked))
        sure = dict(zip(pairs, confidence(slabs).tolist(), strict=True))
        return [
            made.ask((max(made.texts, key=lambda text: sure[text, query]),))
            for query, made in zip(queries, found, strict=True)
        ]
