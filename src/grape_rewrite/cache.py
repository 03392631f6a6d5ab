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

    :param target: the folder to make, or a link to it; if it exists already it is replaced.
    :raises UserError: when it is the working directory, or the disk cannot take it, with the folder and the system's
        reason.
    """
    target = target.resolve()
    if target == Path.cwd():
        raise UserError(f"{target} is the working directory, which cannot be replaced; name another folder")
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
    missing = [place for place in target.parents if not place.exists()]  # the innermost first
    try:
        draft.mkdir(parents=True)
        yield draft
        shutil.rmtree(target, ignore_errors=True)
        try:
            draft.rename(target)
        except OSError:
            if not target.is_dir() or not any(target.iterdir()):  # else another process has built it in the meantime
                raise
    except OSError as error:
        raise UserError(
            f"cannot write {target}: {error.strerror or error}; free some space or set GRAPE_CACHE to another folder"
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if not target.exists():
            for place in missing:
                with suppress(OSError):  # something else has been put there
                    place.rmdir()
