"""One process at a time in a folder."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from grape_rewrite.errors import UserError

LOCK = ".lock"


@contextmanager
def locked(folder: Path, wait: bool = True) -> Iterator[None]:
    """Hold a folder for the time of the block; a process that ends, however it does, lets go of it.

    Nothing of it stays: neither the lock's file nor the folder, if nothing was put there.

    :param folder: made when missing.
    :param wait: until another process lets go of it.
    :raises UserError: when another process holds it, without `wait`; or when the disk cannot take it.
    """
    file = _held(folder, wait)
    try:
        yield
    finally:
        with suppress(OSError):
            (folder / LOCK).unlink()
            folder.rmdir()  # which a folder with anything in it refuses
        os.close(file)


def _held(folder: Path, wait: bool) -> int:
    """The open file of a lock that this process holds, the one that lies in the folder now."""
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            if isinstance(error, (FileExistsError, FileNotFoundError)) and _can_be(folder):
                continue  # who held it has removed it meanwhile, and another has perhaps made it again
            raise UserError(f"cannot write {folder}: {error.strerror or error}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            if os.fstat(file).st_ino == (folder / LOCK).stat().st_ino:
                return file
        except BlockingIOError as error:
            os.close(file)
            raise UserError(f"another process is at work on {folder}; wait for it, or end it") from error
        except FileNotFoundError:  # or the file
            pass
        except OSError as error:  # some disks of a network have no locks
            os.close(file)
            raise UserError(f"cannot lock {folder}: {error.strerror or error}") from error
        os.close(file)


def _can_be(folder: Path) -> bool:
    """Whether a folder is there, or nothing is; in one look, as it may come and go."""
    try:
        return stat.S_ISDIR(folder.stat().st_mode)
    except FileNotFoundError:
        # A link that leads nowhere, on the way too, stays in the way.
        return not any(place.is_symlink() and not place.exists() for place in (folder, *folder.parents))
    except OSError:  # links in a circle
        return False
