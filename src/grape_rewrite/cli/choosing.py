"""What a person sees while ways to search are measured on dev."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from grape_rewrite.cli.output import notes

if TYPE_CHECKING:
    from grape_rewrite.evaluation.operating_points import EnterPart


@contextmanager
def choosing(quiet: bool = False) -> "Iterator[EnterPart]":
    """Give what is to be called as each part begins: it moves a progress bar on a terminal, and is a line elsewhere.

    :param quiet: show neither.
    """
    bar = Progress(
        TextColumn("Choosing, {task.description}", markup=False),
        BarColumn(16),  # the longest description fits beside it in 80 columns
        TimeElapsedColumn(),
        console=notes,
        transient=True,
        refresh_per_second=2,
        disable=quiet or not notes.is_terminal,
    )
    task = bar.add_task("", total=None, visible=False)

    def enter_part(what: str, done: int, parts: int) -> None:
        if notes.is_terminal:
            bar.update(task, description=what, completed=done, total=parts, visible=True)
        elif not quiet:
            notes.print(f"Choosing how to search, {what} ...", markup=False, soft_wrap=True)

    with bar:
        yield enter_part
