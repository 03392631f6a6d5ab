"""What a frozen retriever is: texts and pictures in, unit vectors out."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from grape_rewrite.errors import UserError

if TYPE_CHECKING:
    from grape_rewrite.datasets import Corpus
    from grape_rewrite.index import Index


class Retriever(ABC):
    """A dual encoder that never changes. A score is the cosine of two of its embeddings.

    A family implements `embed_texts`, `count_truncated` and `fingerprint`, and `embed_images` where it can see. Its
    pictures are read with `retrievers.images.open_image`, so that a broken one is named.
    """

    name: str
    """What the user asked for: an embedded name, a folder or a name on a hub."""
    dimension: int
    """d, the length of an embedding."""
    context: int | None
    """The most tokens of a text that are read, special tokens included; None when there is no limit."""
    sees: bool = False
    """Whether `embed_images` works."""

    @abstractmethod
    def embed_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, d) float32 unit rows of queries or rewrites.

        A text longer than the context is cut there (see `count_truncated`).
        """

    def embed_documents(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, d) float32 unit rows of the corpus's texts.

        The same as `embed_texts`, except for families that put another prompt before a document than before a query.
        """
        return self.embed_texts(texts)

    def embed_images(self, images: Sequence[Path]) -> npt.NDArray[np.float32]:
        """Return (n, d) float32 unit rows.

        :raises UnreadableImage: when a file is no readable picture.
        :raises UserError: when the retriever reads text only.
        """
        raise UserError(
            f"retriever {self.name} reads text only and cannot embed {images[0] if images else 'images'}; "
            "choose one with an image tower, such as lite-clip or openai/clip-vit-base-patch32"
        )

    @abstractmethod
    def count_truncated(self, texts: Sequence[str]) -> int:
        """Return how many of the texts are longer than the context, and so are read only in part."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a SHA-256 of the weights and of all that shapes an embedding, computed anew at each call.

        Equal before and after training means that the retriever stayed frozen.
        """

    def words(self) -> list[str]:
        """Return the words that the text tower knows, the most frequent first where its tokenizer says so.

        They tell a rewriter which words the retriever can understand; empty where the tokenizer has no such list.
        """
        return []

    def index(
        self, corpus: "Corpus", cache: Path | None = None, progress: bool = False, max_unreadable: float = 0.0
    ) -> "Index":
        """Embed a corpus once, or take its embeddings from the cache.

        :param corpus: N items with a text, an image or both.
        :param cache: folder for the embeddings; `cache_folder() / "embeddings"` when None.
        :param progress: show a progress bar.
        :param max_unreadable: share of the items, in [0, 1], whose image may be unreadable; they are never found.
        :raises UserError: when an item cannot be embedded by this retriever, more images are unreadable than allowed,
            or the cache cannot be written.
        """
        from grape_rewrite.index import build_index

        return build_index(self, corpus, cache=cache, progress=progress, max_unreadable=max_unreadable)

    @staticmethod
    def load(name: str, trust_remote_code: bool = False, device: str | None = None) -> "Retriever":
        """Load a retriever by embedded name (`lite-clip`, `minilm`), folder or hub name; see `registry.load`."""
        from grape_rewrite.retrievers.registry import load

        return load(name, trust_remote_code=trust_remote_code, device=device)
