"""Choosing an operating point on dev, and what a person sees meanwhile."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from grape_rewrite.atomic import write_text
from grape_rewrite.cli.output import note, notes, say, show
from grape_rewrite.evaluation.formats import counted

if TYPE_CHECKING:
    from grape_rewrite.datasets import Split
    from grape_rewrite.evaluation.operating_points import EnterPart
    from grape_rewrite.index import Index
    from grape_rewrite.strategies import Generations

POINT = "operating_point.json"


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
            note(f"Choosing how to search, {what} ...")

    with bar:
        yield enter_part


def choose_point(kind: str, generations: "Generations", index: "Index", dev: "Split", quiet: bool) -> dict[str, Any]:
    """Choose an operating point on dev queries, say which, and return all that was measured."""
    from grape_rewrite.cli.tables import points_table
    from grape_rewrite.evaluation.operating_points import DEV_QUERIES, FEW, describe_points, measure_points

    sample = dev.sample(DEV_QUERIES)
    with choosing(quiet) as enter_part:
        points = measure_points(generations, index, sample, enter_part)
    found = describe_points(points, kind, len(sample))
    if not quiet:
        show(points_table(points, found["chosen"], len(sample)))
        say(f"To deploy: {found['strategy']} ({kind}: {found['rule']})")
    if len(sample) < FEW:
        note(
            f"note: the choice is by {counted(len(sample), 'dev query', 'dev queries')}; fewer than {FEW} tell "
            "strategies apart only roughly"
        )
    return found


def keep_point(out: Path, found: Mapping[str, Any]) -> None:
    """Write what was measured for the operating point into a folder; where none was asked for, that of before goes."""
    if found:
        write_text(out / POINT, json.dumps(found, indent=1) + "\n")
    else:
        (out / POINT).unlink(missing_ok=True)
