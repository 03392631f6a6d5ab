"""A retriever of one's own: texts by the groups of three letters in them, as a search that forgives typing errors does.

grape train DATA --retriever examples.own_retriever:Trigrams --out runs/trigrams

The same few methods put a service that embeds texts, or a model of another library, in its place; one for pictures
has `sees = True` and `embed_images` too.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from grape_rewrite import Retriever


class Trigrams(Retriever):
    """Counts of hashed trigrams, as unit vectors."""

    dimension = 4096
    context = None  # the longest text that is read whole, in tokens, where there is such a limit

    def embed_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, d) unit rows."""
        counts = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            padded = f"  {text.lower()}  "
            for start in range(len(padded) - 2):
                counts[row, crc32(padded[start : start + 3].encode()) % self.dimension] += 1
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)

    def count_truncated(self, texts: Sequence[str]) -> int:
        """Return how many of the texts are read only in part."""
        return 0

    def fingerprint(self) -> str:
        """Return a hash of all that shapes an embedding: here this file, elsewhere that of the weights."""
        return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
