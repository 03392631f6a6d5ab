"""Where derived files (rendered images, embeddings, dequantised weights) are kept between runs."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from grape_rewrite.errors import UserError


def cache_folder() -> Path:
    """Return the root of the cache: `$GRAPE_CACHE`, else `$XDG_CACHE_HOME/grape`, else `~/.cache/grape`.

    A variable that is empty counts as none.
    """
    if own := os.environ.get("GRAPE_CACHE"):
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "grape"


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside `target` that becomes `target` only when the block ends without an error.

    A crash half-way therefore never leaves a folder that looks complete.

    :param target: the folder to make, or a link to it; if it exists already it is replaced. One that another process
        has put there in the meantime stays, as it may be in use, and what was made here is thrown away.
    :raises UserError: when it is the working directory, or the disk cannot take it, with the folder and the system's
        reason; what was there stays then.
    """
    target = target.resolve()
    if target == Path.cwd():
        raise UserError(f"{target} is the working directory, which cannot be replaced; name another folder")
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
    before = _identity(target)
    missing = [place for place in target.parents if not place.exists()]  # the innermost first
    try:
        draft.mkdir(parents=True)
        yield draft
        if _identity(target) == before:  # else another process has built it in the meantime
            _replace(target, draft)
    except OSError as error:
        is_cached = target.is_relative_to(cache_folder().resolve())
        cure = "; free some space or set GRAPE_CACHE to another folder" if is_cached else ""
        raise UserError(f"cannot write {target}: {error.strerror or error}{cure}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if not target.exists():
            for place in missing:
                with suppress(OSError):  # something else has been put there
                    place.rmdir()


def _identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from another one of its name; None where there is none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _replace(target: Path, draft: Path) -> None:
    """Put a draft in a folder's place; what was there goes only once that is done."""
    if not target.is_dir():
        try:
            draft.rename(target)
        except OSError:
            if not target.is_dir():  # else another process was quicker by a moment
                raise
        return
    old = draft.with_suffix(".old")
    target.rename(old)
    try:
        draft.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
