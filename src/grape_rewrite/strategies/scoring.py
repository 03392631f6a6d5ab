"""From what strategies ask to scores of the corpus."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from grape_rewrite.datasets import Query
from grape_rewrite.index import Index
from grape_rewrite.index.index import NEVER, Excluded, Slab
from grape_rewrite.index.mixing import mixed
from grape_rewrite.strategies.ask import Ask
from grape_rewrite.strategies.fusion import mean_vector, reciprocal_rank_fusion

Floats = npt.NDArray[np.float32]
Vectors = Mapping[str, Floats]


def embed_asks(asks: Sequence[Ask], index: Index, progress: bool = False) -> Vectors:
    """Embed every distinct text once.

    :raises UserError: when the retriever returns an embedding that is not finite.
    """
    texts = list(dict.fromkeys(text for ask in asks for text in ask.texts))
    return dict(zip(texts, index.embed_texts(texts, progress), strict=True))


def search_asks(
    asks: Sequence[Ask], index: Index, k: int = 10, queries: Sequence[Query] | None = None
) -> list[list[tuple[str, float]]]:
    """Return for each ask the k best items as (id, score), best first, as `Index.search` does for texts.

    :param queries: what the asks stand for; their own pictures are searched with and not found.
    :param k: at least 1; with more than there are items, all are returned.
    """
    own = None if queries is None else index.own(queries)
    found = index.best(EmbeddedAsks(asks, index, embed_asks(asks, index), queries, own).slabs(), k)
    return found if own is None else [[hit for hit in hits if hit[1] > NEVER] for hits in found]


class EmbeddedAsks:
    """Asks that can be scored.

    :param asks: n of them, each with at least one text.
    :param index: the embedded corpus of N items.
    :param vectors: the embedding of each text, see `embed_asks`.
    :param queries: what they stand for, n queries whose pictures are searched with too; none by default.
    :param excluded: n arrays of corpus rows that each ask must not find; see `Split.excluded`.
    """

    def __init__(
        self,
        asks: Sequence[Ask],
        index: Index,
        vectors: Vectors,
        queries: Sequence[Query] | None = None,
        excluded: Excluded | None = None,
    ) -> None:
        self.asks = list(asks)
        self.excluded = excluded
        self.index = index
        self._rows = [np.stack([vectors[text] for text in ask.texts]) for ask in asks]
        means = [
            mean_vector(rows, ask.weights) if len(rows) > 1 else rows[0]
            for rows, ask in zip(self._rows, asks, strict=True)
        ]
        weighs = index.searching.picture_weight or any(ask.picture_weight for ask in asks)
        self._pictures = index.pictures(queries or ()) if weighs else None
        self.vectors = np.concatenate([self._beside(row, mean[None]) for row, mean in enumerate(means)])
        """(n, d) what each searches with; the mean of the texts also where their rankings are fused."""

    def slabs(self) -> Iterator[Slab]:
        """Yield the scores as `Index.slabs` does, fused ranks where an ask wants them."""
        for part, scores in self.index.slabs(self.vectors, self.excluded):
            for row in range(part.start, part.stop):
                if self.asks[row].by_rank:
                    scores[row - part.start] = self._fused(row)
            yield part, scores

    def _beside(self, row: int, texts: Floats) -> Floats:
        """Texts of an ask with the picture of its query mixed in."""
        if self._pictures is None:
            return texts
        weight, default = self.asks[row].picture_weight, self.index.searching.picture_weight
        pictures = np.broadcast_to(self._pictures[row], texts.shape)
        return mixed(texts, pictures, default if weight is None else weight)

    def _fused(self, row: int) -> Floats:
        """The fused ranks of every item for an ask; a fusion is positive, and what must not be found is below."""
        apart = np.asarray([] if self.excluded is None else self.excluded[row], dtype=np.int64)
        scores = self.index.cosines(self._beside(row, self._rows[row]))
        scores[:, apart] = NEVER
        fused = reciprocal_rank_fusion(scores)
        fused[apart] = NEVER
        return fused
