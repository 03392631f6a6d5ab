"""What the files that a data set is made from are known by."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, through links too; links may lead in a circle, so each folder is seen once.

    What is hidden, as the folder of a version control is, is left out.
    """
    seen = {folder.resolve()}
    for place, folders, names in os.walk(folder, followlinks=True):
        inner = {name: (Path(place) / name).resolve() for name in sorted(folders) if not name.startswith(".")}
        folders[:] = [name for name, real in inner.items() if real not in seen]
        seen.update(inner.values())
        yield from (file for name in names if not name.startswith(".") and (file := Path(place) / name).is_file())


def short_hash(lines: Iterable[str]) -> str:
    """Return a short hash of lines in any order."""
    return hashlib.sha256("\n".join(sorted(lines)).encode(errors="surrogateescape")).hexdigest()[:12]
