"""A user's own retriever: what a Python function returns that is named as `module:function`."""

import sys
from collections.abc import Callable, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grape_rewrite.errors import UserError
from grape_rewrite.own_code import OwnCode
from grape_rewrite.retrievers.images import UnreadableImage
from grape_rewrite.retrievers.retriever import Retriever

TOLERANCE = 1e-2  # of a row's length: what half precision leaves of 1


class OwnRetriever(Retriever):
    """A `Retriever` of the user's own: where it fails, or returns no unit rows, that is said in one line.

    :param name: `module:function`, imported from the folder that the program was started in or from what is installed;
        called without arguments, it returns an object of a class that is derived from `Retriever`.
    :raises UserError: when there is no such function, it fails, or returns anything else.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._code = OwnCode("retriever", name, "my_retriever:load")
        self._files: list[str] = []  # where its class is written
        own = self._call(self._code.function)
        if not isinstance(own, Retriever):
            raise UserError(
                f"retriever {name} returned an object of type {type(own).__name__}; one of a class derived from "
                "grape_rewrite.Retriever is needed"
            )
        self._own = own
        if written := getattr(sys.modules.get(type(own).__module__), "__file__", None):
            self._files.append(written)
        self.dimension = self._call(lambda: int(own.dimension))
        self.context = self._call(lambda: own.context)
        self.sees = own.sees

    def embed_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, d) float32 unit rows of queries or rewrites.

        :raises UserError: when it fails, or returns anything else.
        """
        return self._rows("embed_texts", texts)

    def embed_documents(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, d) float32 unit rows of the corpus's texts.

        :raises UserError: when it fails, or returns anything else.
        """
        return self._rows("embed_documents", texts)

    def embed_images(self, images: Sequence[Path]) -> npt.NDArray[np.float32]:
        """Return (n, d) float32 unit rows.

        :raises UnreadableImage: when a file is no readable picture.
        :raises UserError: when the retriever reads text only, fails, or returns anything else.
        """
        if not self.sees:
            return super().embed_images(images)
        return self._rows("embed_images", images)

    def count_truncated(self, texts: Sequence[str]) -> int:
        """Return how many of the texts it reads only in part.

        :raises UserError: when it fails, or returns no number.
        """
        found = self._call(self._own.count_truncated, texts)
        if not isinstance(found, Integral):
            raise UserError(f"retriever {self.name}: count_truncated returned {found!r}; a whole number is needed")
        return int(found)

    def fingerprint(self) -> str:
        """Return what it says its weights are to be told by.

        :raises UserError: when it fails, or returns no text, by which no two retrievers could be told apart.
        """
        found = self._call(self._own.fingerprint)
        if not isinstance(found, str) or not found:
            raise UserError(
                f"retriever {self.name}: fingerprint returned {found!r}; a text is needed that changes when what it "
                "embeds does"
            )
        return found

    def words(self) -> list[str]:
        """Return the words that it says it knows.

        :raises UserError: when it fails, or returns no words.
        """
        found = self._call(lambda: list(self._own.words()))
        wrong = next((word for word in found if not isinstance(word, str)), None)
        if wrong is not None:
            raise UserError(f"retriever {self.name}: words returned {wrong!r} among its words; texts are needed")
        return found

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call what the user has written."""
        with self._code.called(let=(UnreadableImage,), files=self._files):
            return function(*arguments)

    def _rows(self, method: str, inputs: Sequence[Any]) -> npt.NDArray[np.float32]:
        """Call a method of it for embeddings, and require that they are what is promised.

        For nothing it is not called: few models take an empty batch.
        """
        if not inputs:
            return np.zeros((0, self.dimension), dtype=np.float32)
        rows = self._call(lambda: np.asarray(getattr(self._own, method)(inputs), dtype=np.float32))
        name = f"retriever {self.name}: {method}"
        if rows.shape != (len(inputs), self.dimension):
            needed = (len(inputs), self.dimension)
            raise UserError(f"{name} returned an array of shape {rows.shape} for {len(inputs)} inputs, not {needed}")
        lengths = np.linalg.norm(rows, axis=1)
        wrong = ~(np.abs(lengths - 1) <= TOLERANCE)  # no comparison with NaN holds
        if wrong.any():
            first = int(np.argmax(wrong))
            raise UserError(
                f"{name} returned a row of length {lengths[first]:.3g} for {str(inputs[first])!r}; unit rows are needed"
            )
        return rows
