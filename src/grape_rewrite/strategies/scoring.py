"""From what strategies ask to scores of the corpus."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from grape_rewrite.index import Index
from grape_rewrite.index.index import NEVER, Excluded, Slab, require_finite
from grape_rewrite.strategies.ask import Ask
from grape_rewrite.strategies.fusion import mean_vector, reciprocal_rank_fusion

Floats = npt.NDArray[np.float32]
Vectors = Mapping[str, Floats]


def embed_asks(asks: Sequence[Ask], index: Index, progress: bool = False) -> Vectors:
    """Embed every distinct text once.

    :raises UserError: when the retriever returns an embedding that is not finite.
    """
    texts = list(dict.fromkeys(text for ask in asks for text in ask.texts))
    embedded = index.retriever.embed_texts(texts, progress=progress)
    require_finite(embedded, texts, index.retriever.name)
    return dict(zip(texts, embedded, strict=True))


def search_asks(asks: Sequence[Ask], index: Index, k: int = 10) -> list[list[tuple[str, float]]]:
    """Return for each ask the k best items as (id, score), best first, as `Index.search` does for texts.

    :param k: at least 1; with more than there are items, all are returned.
    """
    return index.best(Asked(asks, index, embed_asks(asks, index)).slabs(), k)


class Asked:
    """Asks that can be scored.

    :param asks: n of them, each with at least one text.
    :param index: the embedded corpus of N items.
    :param vectors: the embedding of each text, see `embed_asks`.
    :param excluded: n arrays of corpus rows that each ask must not find; see `Split.excluded`.
    """

    def __init__(self, asks: Sequence[Ask], index: Index, vectors: Vectors, excluded: Excluded | None = None) -> None:
        self.asks = list(asks)
        self.excluded = excluded
        self.index = index
        self._rows = [np.stack([vectors[text] for text in ask.texts]) for ask in asks]
        means = [
            mean_vector(rows, ask.weights) if len(rows) > 1 else rows[0]
            for rows, ask in zip(self._rows, asks, strict=True)
        ]
        self.vectors = np.stack(means)
        """(n, d) what each searches with; the mean of the texts also where their rankings are fused."""

    def slabs(self) -> Iterator[Slab]:
        """Yield the scores as `Index.slabs` does, fused ranks where an ask wants them."""
        for part, scores in self.index.slabs(self.vectors, self.excluded):
            for row in range(part.start, part.stop):
                if self.asks[row].by_rank:
                    scores[row - part.start] = self._fused(row)
            yield part, scores

    def _fused(self, row: int) -> Floats:
        """The fused ranks of every item for an ask; a fusion is positive, and what must not be found is below."""
        apart = np.asarray([] if self.excluded is None else self.excluded[row], dtype=np.int64)
        scores = self.index.cosines(self._rows[row])
        scores[:, apart] = NEVER
        fused = reciprocal_rank_fusion(scores)
        fused[apart] = NEVER
        return fused
