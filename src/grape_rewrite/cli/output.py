"""Where commands print to: results to standard output, all else to standard error."""

import logging
import sys

from rich.console import Console, RenderableType
from rich.measure import Measurement

from grape_rewrite.processes import is_first

UNBOUNDED = 10_000
results = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, highlight=False, quiet=not is_first())


def show(table: RenderableType) -> None:
    """Print a table with all that is in it, however narrow the terminal: a figure that is cut off is none."""
    needed = Measurement.get(results, results.options.update(width=UNBOUNDED), table).maximum
    Console(width=max(results.width, needed), soft_wrap=True, highlight=False).print(table)


def say(text: str) -> None:
    """Print a line of plain text; nothing in it is markup."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def note(text: str, style: str | None = None) -> None:
    """Print a line of plain text to standard error, above a live display if there is one, at its full length."""
    notes.print(text, style=style, markup=False, soft_wrap=True)


def shows_progress(quiet: bool = False) -> bool:
    """Whether progress bars, which go to standard output, are wanted: on a terminal, unless JSON is printed there."""
    return sys.stdout.isatty() and not quiet


def enter(what: str) -> None:
    """Say which part of the work begins, in a pipe too."""
    note(f"{what} ...", style="dim")


def announce(what: str, quiet: bool = False) -> None:
    """Say what comes next where somebody is waiting: libraries and models alone take seconds, in silence."""
    if shows_progress(quiet):
        enter(what)


class Warnings(logging.Handler):
    """Prints the warnings of a logger as lines on standard error, above a live display if there is one."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line."""
        note(f"{record.levelname.lower()}: {record.getMessage()}")
