"""What went wrong, in words for the person at the keyboard."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pydantic import ValidationError


INTERRUPTED = 130  # exit code after Ctrl-C, as shells have it


class UserError(Exception):
    """A mistake in the input: a file, a value, a missing package. Its text is one line that names the cause and a cure.

    The command line prints it without a traceback and exits with code 2.
    """


def first_line(error: Exception) -> str:
    """Return what an error says, in one line; its kind when it says nothing.

    >>> first_line(RuntimeError("cannot load it:\\n  the shape is another\\n  so is the next"))
    'cannot load it: the shape is another'
    """
    first, *more = (str(error).strip() or type(error).__name__).splitlines()
    return f"{first} {more[0].strip()}" if more and first.endswith(":") else first


def reason(error: Exception) -> str:
    """Return why the system refused, without the file's name; of another error, what it says in one line.

    >>> reason(OSError(28, "No space left on device", "adapter.bin"))
    'No space left on device'
    """
    return getattr(error, "strerror", None) or first_line(error)


class Problem(NamedTuple):
    """The first thing in some values that is not valid."""

    where: str
    """The keys that lead to it, with dots between them; empty where it is all of them together."""
    kind: str
    """What pydantic calls it, such as `missing`."""
    value: object
    what: str
    """What is wrong, and what would be valid."""

    @staticmethod
    def first_of(error: "ValidationError") -> "Problem":
        """Return the first thing that pydantic found."""
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return Problem(where, first["type"], first["input"], first["msg"].removeprefix("Value error, "))


def first_problem(error: "ValidationError") -> str:
    """Return the first thing in a file that is not valid, in one line: where it is, and what would be."""
    found = Problem.first_of(error)
    return f"{found.where or 'the file'}: {found.what}"
