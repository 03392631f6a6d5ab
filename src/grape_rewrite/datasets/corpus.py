"""What is searched."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from filecmp import cmp
from functools import cached_property
from pathlib import Path
from typing import overload

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Item:
    """One thing that can be found: a text, a picture (the path of its file), or both; never found with neither."""

    id: str
    text: str | None = None
    image: Path | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to find it by."""
        return self.text is None and self.image is None


class Corpus(Sequence[Item]):
    """The items searched, in the order of their file. Row `i` of an index is item `i` here."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.items = list(items)

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, row: int) -> Item: ...

    @overload
    def __getitem__(self, row: slice) -> list[Item]: ...

    def __getitem__(self, row: int | slice) -> Item | list[Item]:
        return self.items[row]

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    @cached_property
    def ids(self) -> list[str]:
        """The ids, by row."""
        return [item.id for item in self.items]

    @cached_property
    def position(self) -> dict[str, int]:
        """The row of each id."""
        return {id: row for row, id in enumerate(self.ids)}

    @cached_property
    def pictured(self) -> dict[Path, list[int]]:
        """The rows of the items that each picture belongs to."""
        found: dict[Path, list[int]] = {}
        for row, item in enumerate(self.items):
            if item.image is not None:
                found.setdefault(item.image.resolve(), []).append(row)
        return found

    def part(self, ids: Iterable[str]) -> "Corpus":
        """Return the corpus with these of its items alone, in its own order."""
        wanted = set(ids)
        return Corpus(item for item in self.items if item.id in wanted)

    def rows_with(self, image: Path | None) -> npt.NDArray[np.int64]:
        """Return the rows of the items that a picture belongs to, which may be a copy of theirs; none for None."""
        if image is None:
            return np.array([], dtype=np.int64)
        file = image.resolve()
        files = [file] if file in self.pictured else [other for other in self._alike(file) if cmp(file, other, False)]
        return np.array(sorted(row for known in files for row in self.pictured[known]), dtype=np.int64)

    def _alike(self, file: Path) -> list[Path]:
        """The pictures that have as many bytes as a file."""
        return self._by_size.get(file.stat().st_size, []) if file.is_file() else []

    @cached_property
    def _by_size(self) -> dict[int, list[Path]]:
        found: dict[int, list[Path]] = {}
        for file in self.pictured:
            if file.is_file():
                found.setdefault(file.stat().st_size, []).append(file)
        return found

    @property
    def has_images(self) -> bool:
        """Whether every item has a picture, so that the corpus can be searched by its pictures."""
        return all(item.image is not None for item in self.items)

    def fingerprint(self) -> str:
        """Return the SHA-256 over all ids, texts and bytes of the pictures, in order; equal corpora have equal ones.

        The pictures are read once; the answer is kept on the object. Where they lie does not matter.
        """
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        for item in self.items:
            text = None if item.text is None else item.text.encode()
            image = None if item.image is None else item.image.read_bytes()
            for part in (item.id.encode(), text, image):
                # The length in front keeps ("ab", "c") and ("a", "bc") apart; -1 keeps nothing and an empty text apart.
                digest.update(f"{-1 if part is None else len(part)}:".encode())
                digest.update(part or b"")
        return digest.hexdigest()
