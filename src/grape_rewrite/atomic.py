"""Files that are whole or not there."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from grape_rewrite.errors import UserError

LONGEST_NAME = 230  # bytes; file systems allow 255, of which a draft of the file takes some


def write_text(path: Path, text: str) -> None:
    """Write a text file as UTF-8 beside its place, then rename it there, so that a crash leaves no half of it.

    Lone surrogates, which UTF-8 cannot hold, are written as a JSON escape (`\\ud800`).

    :param path: the file; its folder is made when missing.
    :param text: the whole content; line ends are kept as they are.
    :raises UserError: when the disk cannot take it, with the file and the system's reason.
    """
    with together() as write:
        write(path, text)


@contextmanager
def together() -> Iterator[Callable[[Path, str], None]]:
    """Write several text files as `write_text` does, none of which takes its place before all are written.

    :return: what writes one of them; they take their places in that order at the end of the block.
    :raises UserError: when the disk cannot take one, with the file and the system's reason; none has taken its place
        then. Where a place itself refuses its file, as a folder of that name does, those before it are new.
    """
    drafts: dict[Path, Path] = {}

    def write(path: Path, text: str) -> None:
        drafts[path] = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
        with _said(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            drafts[path].write_bytes(text.encode("utf-8", errors="backslashreplace"))

    try:
        yield write
        for path, draft in drafts.items():
            with _said(path):
                os.replace(draft, path)
    finally:
        for draft in drafts.values():
            with suppress(OSError):
                draft.unlink()


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """Say of which file the system's reason is."""
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error
