"""The official files of a benchmark, in a folder of the user's: whatever is wrong with them is said in one line."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grape_rewrite.datasets.records import shown
from grape_rewrite.errors import UserError


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

    def file(self, *names: str) -> Path:
        """Return the first of these files that is there; each may be a pattern such as `IC/*train*.json`.

        :raises UserError: when none is, with where to get it.
        """
        for name in names:
            found = sorted(self.folder.glob(name))
            if found:
                return found[0]
        raise UserError(
            f"{self.folder} has no {' or '.join(names)}; {self.name} needs {'; '.join(self.files)}, from {self.page}"
        )

    def picture(self, *names: str) -> Path | None:
        """Return the first of these files that is there; None where none is and that is accepted.

        :raises UserError: when none is there, or one lies outside the folder.
        """
        home = self.folder.resolve()
        for name in names:
            place = self.folder / name
            if not place.resolve().is_relative_to(home):
                raise self.wrong(place, f"the picture {shown(name)} would lie outside {self.folder}")
            if place.is_file():
                return place
        if self.partial:
            return None
        raise UserError(
            f"{self.folder} has no picture {names[0]}; {self.name} needs {'; '.join(self.files)}, from {self.page} "
            "(--partial leaves out what is not there)"
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

    def value(self, file: Path, record: Any, key: str, kind: type | tuple[type, ...], line: int | None = None) -> Any:
        """Return a value of a record.

        :raises UserError: when the record has none of this kind.
        """
        found = record.get(key) if isinstance(record, dict) else None
        if not isinstance(found, kind) or isinstance(found, bool):
            wanted = " or ".join(one.__name__ for one in (kind if isinstance(kind, tuple) else (kind,)))
            raise self.wrong(file, f"{key!r} is {shown(found)}; a {wanted} is expected there", line)
        return found
