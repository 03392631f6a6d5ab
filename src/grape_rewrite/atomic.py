"""Files that are whole or not there."""

import os
import uuid
from contextlib import suppress
from pathlib import Path

from grape_rewrite.errors import UserError


def write_text(path: Path, text: str) -> None:
    """Write a text file as UTF-8 beside its place, then rename it there, so that a crash leaves no half of it.

    Lone surrogates, which UTF-8 cannot hold, are written as a JSON escape (`\\ud800`).

    :param path: the file; its folder is made when missing.
    :param text: the whole content; line ends are kept as they are.
    :raises UserError: when the disk cannot take it, with the file and the system's reason.
    """
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(text.encode("utf-8", errors="backslashreplace"))
        os.replace(draft, path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            draft.unlink()
