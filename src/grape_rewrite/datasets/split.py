"""Queries with their relevance judgements."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from grape_rewrite.datasets.corpus import Corpus
from grape_rewrite.errors import UserError


@dataclass(frozen=True)
class Query:
    """What a user asks for: a text, or a picture and a text that says what is to be different in it.

    `reference` is a human's wording for the same item in the retriever's language, where the data set has one: what a
    perfect translator would send. It is never shown to a rewriter. `among` are the ids of a few items, the right one
    and those most like it, where the data set also asks which of these is found first.
    """

    id: str
    text: str
    image: Path | None = None
    language: str | None = None
    reference: str | None = None
    among: tuple[str, ...] = ()


@dataclass(frozen=True)
class Split:
    """One split of a data set: its queries, and `qrels`, query id -> {corpus id: score above 0}.

    `searched` are the ids of the items that its queries are asked of, as where published protocols search the pictures
    of the test split alone; None for the whole corpus. See `Index.of`.
    """

    name: str
    queries: list[Query]
    qrels: dict[str, dict[str, int]]
    searched: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.queries)

    def __iter__(self) -> Iterator[Query]:
        return iter(self.queries)

    @cached_property
    def texts(self) -> list[str]:
        """The texts of the queries, in order."""
        return [query.text for query in self.queries]

    @cached_property
    def languages(self) -> list[str | None]:
        """The languages of the queries, in order."""
        return [query.language for query in self.queries]

    @cached_property
    def pictured(self) -> bool:
        """Whether a query has a picture of its own."""
        return any(query.image for query in self.queries)

    @cached_property
    def references(self) -> list[str] | None:
        """A human's wording of each query in the retriever's language; None unless every query has one."""
        found = [query.reference for query in self.queries if query.reference]
        return found if len(found) == len(self.queries) else None

    def fingerprint(self) -> str:
        """Return the SHA-256 of the queries with their judgements."""
        digest = hashlib.sha256()
        for query in self.queries:
            record: list[Any] = [query.id, query.text, query.language, sorted(self.qrels[query.id].items())]
            if query.image or query.among:
                record += [query.image and query.image.name, query.among]
            digest.update(json.dumps(record).encode())
        return digest.hexdigest()

    def positives(self, corpus: Corpus) -> list[np.ndarray]:
        """Return, for each query, the rows of its relevant items in the corpus, ascending, as int64.

        :raises UserError: when a judgement names an item that this corpus has not.
        """
        rows = []
        for query in self.queries:
            missing = [id for id in self.qrels[query.id] if id not in corpus.position]
            if missing:
                raise UserError(
                    f"split {self.name!r}: query {query.id!r} is judged against item {missing[0]!r}, "
                    f"which is not among the corpus's {len(corpus)} items"
                )
            rows.append(np.array(sorted(corpus.position[id] for id in self.qrels[query.id]), dtype=np.int64))
        return rows

    def excluded(self, corpus: Corpus) -> list[np.ndarray]:
        """Return, for each query, the rows that it never finds, as int64: those of its own picture.

        Who asks for "this picture, but in red" does not look for this picture.
        """
        return [
            np.setdiff1d(corpus.rows_with(query.image), relevant)
            for query, relevant in zip(self.queries, self.positives(corpus), strict=True)
        ]

    def among(self, corpus: Corpus) -> list[np.ndarray] | None:
        """Return, for each query, the rows of the items that it names, less its own picture's; None unless all do."""
        if not all(query.among for query in self.queries):
            return None
        rows = [np.array([corpus.position[id] for id in query.among], dtype=np.int64) for query in self.queries]
        return [np.setdiff1d(few, own) for few, own in zip(rows, self.excluded(corpus), strict=True)]

    def gains(self, corpus: Corpus) -> list[np.ndarray]:
        """Return, for each query, the grades of its relevant items, in the order of `positives`, as int64."""
        return [
            np.array([self.qrels[query.id][corpus.ids[row]] for row in rows], dtype=np.int64)
            for query, rows in zip(self.queries, self.positives(corpus), strict=True)
        ]

    def only(self, languages: Sequence[str] | None) -> "Split":
        """Return the split with the queries in these languages alone; the split as it is for None.

        :raises UserError: for a language that no query is in, with those that there are.
        """
        if languages is None:
            return self
        there = sorted({language for language in self.languages if language})
        unknown = next((language for language in languages if language not in there), None)
        if unknown is not None:
            raise UserError(
                f"split {self.name!r} has no query in language {unknown!r}; it has {', '.join(there) or 'none named'}"
            )
        return self._of([query for query in self.queries if query.language in languages])

    def sample(self, size: int, seed: int = 0) -> "Split":
        """Draw `size` queries without replacement, the same number of each language as far as they last.

        Languages too small for an equal share give all that they have, and the others share the rest. The queries
        drawn keep their order. A size of all the queries or more returns the split as it is.

        :raises UserError: when `size` is below 1.
        """
        if size < 1:
            raise UserError(f"cannot sample {size} queries of split {self.name!r}: 1 to {len(self)} are possible")
        return self if size >= len(self) else self.rows(self._drawn(size, seed))

    def beyond(self, size: int | None, seed: int = 0) -> "Split":
        """Return the queries that `sample` does not draw: those that no choice has seen which was made by a sample.

        None leaves nothing out.

        :raises UserError: when `size` is below 1, or leaves none.
        """
        if size is None:
            return self
        if not 1 <= size < len(self):
            raise UserError(
                f"cannot leave out {size} queries of split {self.name!r}: 1 to {len(self) - 1} of its {len(self)} "
                "are possible"
            )
        drawn = set(self._drawn(size, seed))
        return self.rows(row for row in range(len(self)) if row not in drawn)

    def _drawn(self, size: int, seed: int) -> list[int]:
        """The places of the queries of a sample, ascending."""
        generator = np.random.default_rng(seed)
        groups: dict[str | None, list[int]] = {}
        for row, language in enumerate(self.languages):
            groups.setdefault(language, []).append(row)
        # The smallest first, so that what they cannot give is shared among those still to come; equal ones in an order
        # drawn by chance, so that no language is always the one to get the odd query.
        chance = dict(zip(groups, generator.permutation(len(groups)), strict=True))
        rows: list[int] = []
        for done, language in enumerate(sorted(groups, key=lambda key: (len(groups[key]), chance[key]))):
            share = min(len(groups[language]), (size - len(rows)) // (len(groups) - done))
            rows += [groups[language][row] for row in generator.permutation(len(groups[language]))[:share]]
        return sorted(rows)

    def rows(self, rows: Iterable[int]) -> "Split":
        """Return the split with some of its queries alone, by their place."""
        return self._of([self.queries[row] for row in rows])

    def _of(self, queries: list[Query]) -> "Split":
        """The split with these of its queries alone."""
        return replace(self, queries=queries, qrels={query.id: self.qrels[query.id] for query in queries})
