"""An embedded corpus and exact search in it."""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grape_rewrite.datasets import Corpus, Query, Split
from grape_rewrite.errors import UserError
from grape_rewrite.index.mixing import mixed, parts, subtracted
from grape_rewrite.index.reading import Reader
from grape_rewrite.index.top import top_items
from grape_rewrite.retrievers import Retriever
from grape_rewrite.retrievers.batches import batches
from grape_rewrite.rewards.rank import best_positive_rank
from grape_rewrite.rewriting.asked import Asked
from grape_rewrite.searching import Searching

log = logging.getLogger(__name__)

Slab = tuple[slice, npt.NDArray[np.float32]]
Excluded = Sequence[npt.NDArray[np.integer]]

NEVER = -1.0  # the lowest cosine there is: what an item scores that is skipped or excluded
TOGETHER = 1024  # texts embedded at once; retrievers sort them by length
SLAB = 2**26  # scores held at once, 256 MiB


class Index:
    """Every item of a corpus as a unit vector; a score is a cosine.

    Items without a readable image and a text (`skipped`) have a row of zeros, which must not count as cosine 0: their
    score is -1, below or equal to every other, and `search` never returns them.

    A query that has a picture is searched with between its text and its picture: their embeddings' weighted mean. So
    are rewrites of it, for rewards too; see `searching`.
    """

    def __init__(
        self,
        retriever: Retriever,
        corpus: Corpus,
        embeddings: npt.NDArray[np.float32],
        skipped: Mapping[int, str] | None = None,
        unreadable: Mapping[int, str] | None = None,
        truncated: int = 0,
    ) -> None:
        if embeddings.shape != (len(corpus), retriever.dimension):
            raise ValueError(
                f"embeddings of shape {embeddings.shape} for {len(corpus)} items in {retriever.dimension} dimensions"
            )
        self.retriever = retriever
        self.corpus = corpus
        self.embeddings = embeddings
        """(N, d) float32 unit rows."""
        self.skipped = dict(skipped or {})
        """{row: why it is never found}."""
        self.unreadable = dict(unreadable or {})
        """{row: why its image cannot be read}, of items that are found by their text too."""
        self.truncated = truncated
        """How many texts of the corpus are longer than the retriever's context."""
        self.truncated_queries = 0
        """How many of the texts searched for so far were longer than the retriever's context."""
        self.searching = Searching()
        """How texts and the pictures of queries become what is searched with."""
        self.reader = Reader(retriever)
        """What says in words what a query's picture shows."""
        self._pictured: dict[Path, npt.NDArray[np.float32]] = {}
        self._parts: dict[tuple[str, ...], Index] = {}
        self._searched: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.corpus)

    def of(self, split: Split) -> "Index":
        """Return the index of what a split's queries are asked of: this one, unless the split searches a part of it."""
        if split.searched in (None, self._searched):
            return self
        if split.searched not in self._parts:
            corpus = self.corpus.part(split.searched)
            rows = [self.corpus.position[id] for id in corpus.ids]
            skipped, unreadable = (
                {place: found[row] for place, row in enumerate(rows) if row in found}
                for found in (self.skipped, self.unreadable)
            )
            part = self._parts[split.searched] = Index(
                self.retriever, corpus, self.embeddings[rows], skipped, unreadable
            )
            part._searched, part.reader = split.searched, self.reader
        part = self._parts[split.searched]
        part.searching = self.searching
        return part

    def scores(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the (n, N) float32 cosines of n texts with every item.

        Texts longer than the context are counted in `truncated_queries`, and the first of them are logged.
        """
        return self.cosines(self.embed(texts))

    def cosines(
        self, embeddings: npt.NDArray[np.float32], rows: npt.NDArray[np.integer] | None = None
    ) -> npt.NDArray[np.float32]:
        """Return the float32 cosines of (n, d) unit rows with items, -1 for skipped items.

        :param rows: (M,) corpus rows; all N of them by default.
        :return: (n, M) cosines.
        """
        items = self.embeddings if rows is None else self.embeddings[rows]
        cosines = embeddings @ items.T
        skipped = list(self.skipped) if rows is None else np.isin(rows, list(self.skipped))
        cosines[:, skipped] = NEVER
        return cosines

    def search(self, texts: Sequence[str], k: int = 10) -> list[list[tuple[str, float]]]:
        """Return for each text the k best items as (id, score), best first, equal scores in the corpus's order.

        :param k: at least 1; with more than there are items, all are returned.
        :raises UserError: when k is less than 1.
        """
        if k < 1:
            raise UserError(f"k is {k}; a search returns at least 1 item")
        return self.best(self.slabs(self.embed(texts)), k)

    def best(self, slabs: Iterable[Slab], k: int) -> list[list[tuple[str, float]]]:
        """Return the k best items of each row of scores as `search` does, whatever the scores are of.

        :param slabs: scores of every item, in the parts in which `slabs` yields them; those of skipped items are
            overwritten.
        """
        k = min(k, len(self) - len(self.skipped))
        ids = self.corpus.ids
        found: list[list[tuple[str, float]]] = []
        for _, scores in slabs:
            scores[:, list(self.skipped)] = -np.inf
            for values, rows in zip(scores, top_items(scores, k), strict=True):
                found.append([(ids[row], float(values[row])) for row in rows])
        return found

    def slabs(self, embeddings: npt.NDArray[np.float32], excluded: Excluded | None = None) -> Iterator[Slab]:
        """Yield the cosines of (n, d) unit rows with every item, so few rows at a time that they fit the memory.

        :param excluded: n arrays of corpus rows that each must not find: they score as skipped items do.
        :return: which of the n rows, and their (n_i, N) cosines.
        """
        step = max(1, SLAB // len(self))
        for start in range(0, len(embeddings), step):
            part = slice(start, min(start + step, len(embeddings)))
            cosines = self.cosines(embeddings[part])
            if excluded is not None:
                for row, items in zip(cosines, excluded[part], strict=True):
                    row[items] = NEVER
            yield part, cosines

    def top(
        self,
        texts: Sequence[str],
        k: int,
        excluded: Excluded | None = None,
        queries: Sequence[Query] | None = None,
    ) -> npt.NDArray[np.intp]:
        """Return the (n, min(k, N)) corpus rows of each text's k best items, best first, skipped ones last.

        :param excluded: n arrays of corpus rows that each must not find: they come last too.
        :param queries: what the texts stand for; see `embed`.
        """
        none = np.empty((0, min(k, len(self))), dtype=np.intp)
        slabs = self.slabs(self.embed(texts, queries), excluded)
        return np.concatenate([none, *(top_items(scores, k) for _, scores in slabs)])

    def ranks(self, texts: Sequence[str], split: Split) -> npt.NDArray[np.float64]:
        """Return the (n,) ranks of each query's best positive in the whole corpus, found by a text in its place.

        :param texts: one for each query of the split: the query itself, or a rewrite.
        :param split: queries with their judgements; see `best_positive_rank` and `Split.excluded`.
        """
        positives = split.positives(self.corpus)
        slabs = self.slabs(self.embed(texts, split.queries), split.excluded(self.corpus))
        found = (best_positive_rank(scores, positives[part]) for part, scores in slabs)
        return np.concatenate([np.empty(0), *found])

    def fingerprint(self) -> str:
        """Return a SHA-256 of retriever and corpus together."""
        return combined_fingerprint(self.retriever, self.corpus)

    def embed(self, texts: Sequence[str], queries: Sequence[Query] | None = None) -> npt.NDArray[np.float32]:
        """Return the (n, d) float32 unit rows to search with, counting texts that are longer than the context.

        :param queries: what the texts stand for, one for each: where a query has a picture, its embedding is mixed in
            as `searching` says.
        :raises UserError: when the retriever returns an embedding that is not finite, or cannot embed a picture.
        """
        truncated = self.retriever.count_truncated(texts)
        if truncated and not self.truncated_queries:
            log.warning(
                "%d of %d queries are longer than the %s tokens that %s reads; only their beginnings count",
                truncated,
                len(texts),
                self.retriever.context,
                self.retriever.name,
            )
        self.truncated_queries += truncated
        embedded = self.embed_texts(texts)
        pictures = self.pictures(queries or ()) if self.searching.picture_weight else None
        return embedded if pictures is None else mixed(embedded, pictures, self.searching.picture_weight)

    def embed_texts(self, texts: Sequence[str], progress: bool = False) -> npt.NDArray[np.float32]:
        """Return the (n, d) float32 unit rows of texts alone, less what they say that they do not want.

        :raises UserError: when the retriever returns an embedding that is not finite.
        """
        if not self.searching.without:
            return self._finite(texts, progress)
        said = [parts(text) for text in texts]
        wanted = self._finite([want for want, _ in said], progress)
        unwanted = np.zeros_like(wanted)
        rows = [row for row, (_, other) in enumerate(said) if other]
        if rows:
            unwanted[rows] = self._finite([said[row][1] for row in rows], progress)
        return subtracted(wanted, unwanted, self.searching.without)

    def _finite(self, texts: Sequence[str], progress: bool) -> npt.NDArray[np.float32]:
        chunks = batches(texts, TOGETHER, "Embedding texts" if progress else None)
        none = np.zeros((0, self.retriever.dimension), dtype=np.float32)
        embedded = np.concatenate([none, *map(self.retriever.embed_texts, chunks)])
        require_finite(embedded, texts, self.retriever.name)
        return embedded

    def pictures(self, queries: Sequence[Query]) -> npt.NDArray[np.float32] | None:
        """Return the (n, d) embeddings of the queries' own pictures; None if none has one.

        A row is zero where a query has no picture, or one that was found unreadable. A picture of the corpus has been
        embedded with it; others are embedded when they are first asked for.

        :raises UserError: when the retriever reads text only, or a file that is not searched is no picture.
        """
        none = np.zeros(self.retriever.dimension, dtype=np.float32)
        files = [query.image.resolve() if query.image else None for query in queries]
        new = [file for file in dict.fromkeys(files) if file and file not in self._pictured]
        for file in new:
            rows = self.corpus.pictured.get(file, [])
            alone = [row for row in rows if self.corpus[row].text is None]
            if any(row in self.unreadable for row in rows):
                self._pictured[file] = none
            elif alone:  # a row of an item with a text is not the picture's alone
                self._pictured[file] = self.embeddings[alone[0]]
        outside = [file for file in new if file not in self._pictured]
        if outside:
            self._pictured.update(zip(outside, self.retriever.embed_images(outside), strict=True))
        if not any(files):
            return None
        return np.stack([self._pictured[file] if file else none for file in files])

    def own(self, queries: Sequence[Query]) -> list[npt.NDArray[np.int64]]:
        """Return for each query the corpus rows of its own picture, which it is not to find."""
        return [self.corpus.rows_with(query.image) for query in queries]

    def asked(self, queries: Sequence[Query], sees: bool = False) -> list[Asked]:
        """Return what a rewriter is asked for each query: its text, words for its picture where it has one.

        :param sees: whether the rewriter is shown the picture too; one that was found unreadable is left out.
        """
        count = self.searching.picture_words
        pictures = self.pictures(queries) if count else None
        words: dict[Path | None, tuple[str, ...]] = {None: ()}
        if pictures is not None:
            seen = {query.image: row for row, query in enumerate(queries) if query.image}
            said = self.reader(pictures[list(seen.values())], count)
            words |= {image: tuple(found) for image, found in zip(seen, said, strict=True)}
        shown = self.readable(queries) if sees else [None] * len(queries)
        return [
            Asked(query.text, words.get(query.image, ()), picture)
            for query, picture in zip(queries, shown, strict=True)
        ]

    def readable(self, queries: Sequence[Query]) -> list[Path | None]:
        """Return the queries' own pictures, without those of the corpus that were found unreadable."""
        broken = {image.resolve() for row in self.unreadable if (image := self.corpus[row].image)}
        return [image if (image := query.image) and image.resolve() not in broken else None for query in queries]

    def searched(self, **changes: Any) -> "Index":
        """Return this index with another way to search, such as `picture_weight=1.0`; the embeddings are shared."""
        other = copy(self)
        other.searching = replace(self.searching, **changes)
        other._parts = {}  # its parts are searched in its way, and ours in ours
        return other


def require_finite(embedded: npt.NDArray[np.float32], texts: Sequence[str], retriever: str) -> None:
    """Require that a retriever has embedded its texts: no comparison with NaN holds, so NaN would rank first.

    :raises UserError: with the first text that it gives no finite embedding for.
    """
    broken = ~np.isfinite(embedded).all(axis=1)
    if broken.any():
        text = texts[int(np.argmax(broken))]
        raise UserError(f"retriever {retriever!r} gives no finite embedding for {text!r}")


def combined_fingerprint(retriever: Retriever, corpus: Corpus) -> str:
    """Return a SHA-256 of a retriever's and a corpus's fingerprints together.

    :raises UserError: when the file of an image is gone or may not be read.
    """
    try:
        return hashlib.sha256(f"{retriever.fingerprint()} {corpus.fingerprint()}".encode()).hexdigest()
    except OSError as error:
        raise UserError(
            f"{error.filename}: {error.strerror}; every image of a corpus must be a file that can be read"
        ) from error
