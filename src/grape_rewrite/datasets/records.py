"""Strict reading of JSON lines: every mistake is named with its file, line and value."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from grape_rewrite.errors import UserError

SHOWN = 80  # characters of a wrong value that a message repeats


@dataclass(frozen=True)
class Record:
    """One JSON object of a file, with what is needed to say where it stands."""

    file: Path
    line: int
    fields: dict[str, object]

    def error(self, problem: str) -> UserError:
        """Return an error that names the file and the line."""
        return UserError(f"{self.file}, line {self.line}: {problem}")

    def id(self) -> str:
        """Return `_id`, a word without white space, as TREC run files and qrels separate their columns by it."""
        value = self.fields.get("_id")
        if value is None:
            raise self.error(f'the record has no "_id"; its keys are {shown(sorted(self.fields))}')
        if not isinstance(value, str) or not value or value.split() != [value]:
            raise self.error(f'"_id" is {shown(value)}; it must be a non-empty string without white space')
        return self._encodable("_id", value)

    def text(self, key: str = "text") -> str | None:
        """Return a text, or None where there is none or nothing but white space."""
        value = self.fields.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.error(f'"{key}" is {shown(value)}; it must be a string')
        return self._encodable(key, value) if value.strip() else None

    def ids(self, key: str) -> tuple[str, ...]:
        """Return a list of ids, empty where there is none."""
        value = self.fields.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.error(f'"{key}" is {shown(value)}; it must be a list of strings')
        return tuple(self._encodable(key, one) for one in value)

    def image(self) -> Path | None:
        """Return the path of the record's picture, which must exist and lie within the folder of the file."""
        value = self.text("image")
        if value is None:
            return None
        within = f"image paths are relative to {self.file.parent} and lie within it"
        if PurePosixPath(value).is_absolute() or PureWindowsPath(value).drive or value.startswith("\\"):
            raise self.error(f"image path {shown(value)} is absolute; {within}")
        path = self.file.parent / value
        try:
            if not path.resolve().is_relative_to(self.file.parent.resolve()):
                raise self.error(f"image path {shown(value)} leaves the folder; {within}")
            if not path.is_file():
                raise self.error(f"image {shown(value)} does not exist or is not a file; {within}")
        except (OSError, RuntimeError, ValueError) as error:  # a name too long, links in a circle, a NUL character
            reason = getattr(error, "strerror", None) or shown(str(error))
            raise self.error(f"image path {shown(value)} cannot be used ({reason}); {within}") from error
        return path

    def _encodable(self, key: str, value: str) -> str:
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise self.error(
                f'"{key}" is {shown(value)}, with half a surrogate pair; it must be Unicode text'
            ) from error
        return value


def shown(value: object) -> str:
    """Return a value as a message can repeat it: on one line, and not too long."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def read_lines(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the number (from 1) and the text of each line that is not blank.

    :raises UserError: when the file cannot be read, or a line is not UTF-8.
    """
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    # Some editors put a byte order mark before the first line; it means nothing in UTF-8.
                    text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    byte = f"byte {error.start + 1} (0x{line[error.start]:02x})"
                    raise UserError(f"{file}, line {number}: {byte} is not UTF-8; save the file as UTF-8") from error
                if text.strip():
                    yield number, text
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror or error}") from error


def read_records(file: Path) -> Iterator[Record]:
    """Yield the records of a JSON lines file; no two of them have the same `_id`.

    :raises UserError: when a line is not a JSON object, or has an id that an earlier line has.
    """
    first: dict[str, int] = {}
    for number, line in read_lines(file):
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
            raise UserError(
                f"{file}, line {number}: broken JSON ({reason}): {shown(line)}; one object a line is valid"
            ) from error
        if not isinstance(fields, dict):
            raise UserError(f"{file}, line {number}: {shown(fields)} is not a JSON object; each line is one {{...}}")
        record = Record(file, number, fields)
        if record.id() in first:
            raise record.error(f"the id {shown(record.id())} was used in line {first[record.id()]}; ids must be unique")
        first[record.id()] = number
        yield record
