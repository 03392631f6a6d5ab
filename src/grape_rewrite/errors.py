"""What went wrong, in words for the person at the keyboard."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class UserError(Exception):
    """A mistake in the input: a file, a value, a missing package. Its text is one line that names the cause and a cure.

    The command line prints it without a traceback and exits with code 2.
    """


def first_line(error: Exception) -> str:
    """Return what an error says, in one line; its kind when it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def first_problem(error: "ValidationError") -> str:
    """Return the first thing that is not valid, in one line: where it is, and what would be."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where or 'the file'}: {first['msg']}"
