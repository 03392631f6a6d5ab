"""The official files of a benchmark, in a folder of the user's: whatever is wrong with them is said in one line."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from grape_rewrite.datasets.records import shown
from grape_rewrite.errors import UserError

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

    def file(self, *patterns: str) -> Path:
        """Return the first of these files that is there; each may be a pattern such as `IC/*train*.json`.

        :raises UserError: when none is, with where to get it.
        """
        for pattern in patterns:
            found = sorted(self.folder.glob(pattern))
            if found:
                return found[0]
        raise self._missing(" or ".join(patterns))

    def has(self, name: str) -> bool:
        """Whether a file is there that not everybody needs."""
        return (self.folder / name).is_file()

    def named(self, name: str) -> Path:
        """Return the file that another file names.

        :raises UserError: when it is not there or would lie outside the folder.
        """
        found = self._inside(name)
        if found is None:
            raise self._missing(name)
        return found

    def picture(self, *names: str) -> Path | None:
        """Return the first of these files that is there; None where none is and that is accepted.

        :raises UserError: when none is there, or one would lie outside the folder.
        """
        found = next((place for place in map(self._inside, names) if place is not None), None)
        if found is None and not self.partial:
            raise self._missing(f"picture {shown(names[0])}", "; --partial leaves out what is not there")
        return found

    def _inside(self, name: str) -> Path | None:
        """A file of the folder by a name from the data. Links within the folder are the user's own, and followed."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\0" in name or "\\" in name:
            raise UserError(f"{self.folder}: a file named {shown(name)} would lie outside of it")
        try:
            place = self.folder / path
            return place if place.is_file() else None
        except OSError:  # a name too long
            return None

    def _missing(self, what: str, cure: str = "") -> UserError:
        return UserError(
            f"{self.folder} has no {what}; {self.name} needs {'; '.join(self.files)}, from {self.page}{cure}"
        )

    def lines(self, file: Path) -> Iterator[tuple[int, str]]:
        """Yield the lines of a text file that are not empty, with their numbers."""
        number = 0
        try:
            with file.open(encoding="utf-8-sig", newline="\n") as text:
                for number, line in enumerate(text, start=1):
                    if line.strip():
                        yield number, line.rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise self.wrong(file, f"cannot be read as UTF-8 text ({error})", number + 1) from error

    def json(self, file: Path) -> Any:
        """Return the content of a JSON file."""
        try:
            return json.loads(file.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError, RecursionError) as error:
            raise self.wrong(file, f"is no JSON ({error})") from error

    def json_lines(self, file: Path) -> Iterator[tuple[int, Any]]:
        """Yield the records of a file with one JSON value a line, with their line numbers."""
        for number, line in self.lines(file):
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise self.wrong(file, f"is no JSON ({error})", number) from error

    def wrong(self, file: Path, problem: str, line: int | None = None) -> UserError:
        """Return an error that names the file, and the line where there is one."""
        return UserError(f"{file}{'' if line is None else f', line {line}'}: {problem}")

    def words(self, file: Path, record: Any, key: str, line: int | None = None) -> str:
        """Return a text of a record in one line.

        :raises UserError: when there is none, or none with words in it.
        """
        text = " ".join(self.value(file, record, key, str, line).split())
        if not text:
            raise self.wrong(file, f"{key!r} is empty", line)
        return text

    def value(self, file: Path, record: Any, key: str, kind: type | tuple[type, ...], line: int | None = None) -> Any:
        """Return a value of a record.

        :raises UserError: when the record has none of this kind.
        """
        found = record.get(key) if isinstance(record, dict) else None
        if not isinstance(found, kind) or isinstance(found, bool):
            wanted = " or ".join(one.__name__ for one in (kind if isinstance(kind, tuple) else (kind,)))
            raise self.wrong(file, f"{key!r} is {shown(found)}; a {wanted} is expected there", line)
        if isinstance(found, str) and SURROGATE.search(found):
            raise self.wrong(file, f"{key!r} holds half of a surrogate pair, which is no character", line)
        return found
