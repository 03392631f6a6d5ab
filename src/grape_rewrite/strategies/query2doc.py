"""Query expansion in one text: the query and what a language model has to say about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from grape_rewrite.datasets import Query
from grape_rewrite.index import Index
from grape_rewrite.strategies.ask import Ask
from grape_rewrite.strategies.generations import Generations


@dataclass(frozen=True)
class Query2doc:
    """Search with the query and its rewrite in one text (Wang, Yang and Wei, EMNLP 2023)."""

    generations: Generations

    def __call__(self, queries: Sequence[Query], index: Index) -> list[Ask]:
        """Return the query with its likeliest rewrite behind it, where this is not empty."""
        found = self.generations.greedy(index.asked(queries, self.generations.sees))
        return [
            made.ask((query.text if made.empty else f"{query.text} {made.texts[0]}",))
            for query, made in zip(queries, found, strict=True)
        ]
