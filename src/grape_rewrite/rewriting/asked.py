"""What a rewriter is asked for a query."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Asked(NamedTuple):
    """A query as a rewriter is given it.

    :param query: its text.
    :param words: for its picture, told to one that only reads.
    :param picture: the file, for one that sees.
    """

    query: str
    words: tuple[str, ...] = ()
    picture: Path | None = None

    @property
    def text(self) -> str:
        """The words for the picture and the text.

        >>> Asked("rather a dog", ("tree", "cat")).text
        'tree, cat; rather a dog'
        """
        return f"{', '.join(self.words)}; {self.query}" if self.words else self.query

    def or_query(self, rewrite: str) -> str:
        """Return what a retriever gets: a rewrite, the query's own text where that is empty."""
        return rewrite or self.query


def as_asked(queries: Sequence[Asked | str]) -> list[Asked]:
    """Return texts as what a rewriter is asked; what is that already stays as it is."""
    return [Asked(query) if isinstance(query, str) else query for query in queries]
