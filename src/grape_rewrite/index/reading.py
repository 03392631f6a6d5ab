"""Pictures in words: how a rewriter that only reads is told what a query's picture shows."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from grape_rewrite.datasets.corpus import Corpus, Item
from grape_rewrite.retrievers import Retriever
from grape_rewrite.retrievers.words import english_words

WORDS = 5_000  # of a vocabulary, the most frequent: rarer ones are near to pictures by accident; see docs/log.md
REDUNDANCY = 0.15


class Reader:
    """Says what a picture shows in the words that lie nearest to it among the retriever's embeddings.

    The nearest ten words are often ten words for the same thing, so each further word is the one with the highest
    cosine to the picture, less a share of its highest cosine to a word that was said before (maximal marginal
    relevance; Carbonell and Goldstein, SIGIR 1998).

    :param retriever: with an image tower.
    :param vocabulary: texts to choose from; by default the frequent words that the retriever's text tower knows.
    """

    def __init__(self, retriever: Retriever, vocabulary: Sequence[str] | None = None) -> None:
        self._retriever = retriever
        self._vocabulary = vocabulary

    @cached_property
    def vocabulary(self) -> list[str]:
        """What the words are chosen from; frequent English words where a tokenizer does not tell any."""
        return list(self._vocabulary or (self._retriever.words() or english_words())[:WORDS])

    @cached_property
    def _embedded(self) -> npt.NDArray[np.float32]:
        """The words, embedded once for each retriever: an index keeps them in the cache."""
        return self._retriever.index(Corpus(Item(word, word) for word in self.vocabulary)).embeddings

    def __call__(self, pictures: npt.NDArray[np.float32], count: int) -> list[list[str]]:
        """Return words for each of (n, d) embedded pictures, the most fitting first; none for a row of zeros.

        :param count: how many for each.
        """
        near = pictures @ self._embedded.T
        return [self._said(scores, count) if row.any() else [] for row, scores in zip(pictures, near, strict=True)]

    def _said(self, scores: npt.NDArray[np.float32], count: int) -> list[str]:
        """Choose words for one picture by its cosines with all of them."""
        said: list[int] = []
        known = np.full(len(scores), -np.inf, dtype=np.float32)  # each word's highest cosine to one that was said
        for _ in range(min(count, len(scores))):
            worth = scores - REDUNDANCY * known if said else scores.copy()
            worth[said] = -np.inf
            said.append(int(np.argmax(worth)))
            known = np.maximum(known, self._embedded @ self._embedded[said[-1]])
        return [self.vocabulary[row] for row in said]
