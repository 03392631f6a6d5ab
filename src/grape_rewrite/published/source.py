"""The official files of a benchmark, in a folder of the user's: whatever is wrong with them is said in one line."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from grape_rewrite.datasets.records import read_lines, shown
from grape_rewrite.errors import UserError
from grape_rewrite.fingerprint import content_hash
from grape_rewrite.published.contents import files_below, short_hash

TEXTS = (".json", ".jsonl", ".list", ".tsv", ".txt", ".xml")  # what the recipes read
PICTURES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True)
class Source:
    """A folder with official files.

    :param folder: the folder.
    :param name: of the benchmark.
    :param page: where its files are to be had.
    :param files: what the folder must hold.
    :param partial: whether pictures may be missing.
    """

    folder: Path
    name: str
    page: str
    files: Sequence[str]
    partial: bool

    def fingerprint(self) -> str:
        """Return a short hash of the contents of texts, and of the names and sizes of pictures; others do not matter.

        :raises UserError: when a file cannot be read.
        """
        lines = []
        for file in files_below(self.folder):
            name, suffix = file.relative_to(self.folder).as_posix(), file.suffix.lower()
            try:
                if suffix in TEXTS:
                    lines.append(f"{name} {content_hash(file)}")
                elif suffix in PICTURES:
                    lines.append(f"{name} {file.stat().st_size}")
            except OSError as error:
                raise self.wrong(file, f"cannot be read ({error.strerror})") from error
        return short_hash(lines)

    def file(self, official: str, *patterns: str) -> Path:
        """Return a file by its official name, or the one that fits a pattern such as `IC/*train*.json`.

        :raises UserError: when none is there, with where to get it, and when several fit.
        """
        if self.has(official):
            return self.folder / official
        found = sorted({file for pattern in patterns for file in self.folder.glob(pattern)})
        if not found:
            raise self._missing(official)
        if len(found) > 1:
            names = ", ".join(file.relative_to(self.folder).as_posix() for file in found)
            raise UserError(f"{self.folder}: {names} could each be {official} of {self.name}; leave one of them there")
        return found[0]

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        return (self.folder / name).is_file()

    def named(self, name: str, origin: str) -> Path:
        """Return the file that another file names.

        :param origin: the place that names it; see `place`.
        :raises UserError: when it is not there or would lie outside the folder.
        """
        found = self._inside(name, origin)
        if found is None:
            raise self._missing(name, origin=origin)
        return found

    def picture(self, *names: str, origin: str) -> Path | None:
        """Return the first of these files that is there; None where none is and that is accepted.

        :param origin: the place that names it; see `place`.
        :raises UserError: when none is there, or one would lie outside the folder.
        """
        found = next((file for name in names if (file := self._inside(name, origin)) is not None), None)
        if found is None and not self.partial:
            raise self._missing(f"picture {shown(names[0])}", "; --partial leaves out what is not there", origin)
        return found

    def _inside(self, name: str, origin: str) -> Path | None:
        """A file of the folder by a name from the data. Links within the folder are the user's own, and followed."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\0" in name or "\\" in name:
            raise UserError(f"{origin}: a file named {shown(name)} would lie outside of {self.folder}")
        try:
            place = self.folder / path
            return place if place.is_file() else None
        except OSError:  # a name too long
            return None

    def _missing(self, what: str, cure: str = "", origin: str = "") -> UserError:
        return UserError(
            f"{origin}{': ' if origin else ''}{self.folder} has no {what}; {self.name} needs {'; '.join(self.files)}, "
            f"from {self.page}{cure}"
        )

    def json(self, file: Path) -> Any:
        """Return the content of a JSON file."""
        try:
            return json.loads(file.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError, RecursionError) as error:
            raise self.wrong(file, f"is no JSON ({error})") from error

    def json_lines(self, file: Path) -> Iterator[tuple[int, Any]]:
        """Yield the records of a file with one JSON value a line, with their line numbers."""
        for number, line in read_lines(file):
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise self.wrong(file, f"is no JSON ({error})", number) from error

    def place(self, file: Path, where: int | str | None = None) -> str:
        """Return what a message calls a place in a file.

        :param where: the number of a line, or words such as "pair 3".
        """
        return f"{file}{'' if where is None else f', line {where}' if isinstance(where, int) else f', {where}'}"

    def wrong(self, file: Path, problem: str, where: int | str | None = None) -> UserError:
        """Return an error that names the file and the place in it; see `place`."""
        return UserError(f"{self.place(file, where)}: {problem}")

    def words(self, file: Path, record: Any, key: str, where: int | str | None = None) -> str:
        """Return a text of a record in one line.

        :raises UserError: when there is none, or none with words in it.
        """
        text = " ".join(self.value(file, record, key, str, where).split())
        if not text:
            raise self.wrong(file, f"{key!r} is empty", where)
        return text

    def strings(self, file: Path, record: Any, key: str, where: int | str | None = None) -> list[str]:
        """Return a list of texts of a record.

        :raises UserError: when there is none, or something else in it.
        """
        found = {f"{key}[{number}]": one for number, one in enumerate(self.value(file, record, key, list, where))}
        return [self.value(file, found, each, str, where) for each in found]

    def value(
        self, file: Path, record: Any, key: str, kind: type | tuple[type, ...], where: int | str | None = None
    ) -> Any:
        """Return a value of a record.

        :raises UserError: when the record has none of this kind.
        """
        found = record.get(key) if isinstance(record, dict) else None
        if not isinstance(found, kind) or isinstance(found, bool):
            wanted = " or ".join(one.__name__ for one in (kind if isinstance(kind, tuple) else (kind,)))
            raise self.wrong(file, f"{key!r} is {shown(found)}; a {wanted} is expected there", where)
        if isinstance(found, str) and SURROGATE.search(found):
            raise self.wrong(file, f"{key!r} holds half of a surrogate pair, which is no character", where)
        return found
