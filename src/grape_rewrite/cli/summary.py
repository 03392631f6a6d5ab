"""`grape summary`."""

import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from grape_rewrite.cli.options import Json
from grape_rewrite.cli.output import note, say, show
from grape_rewrite.errors import UserError


def summary(
    folders: Annotated[
        list[Path], typer.Argument(help="Folders that grape evaluate or grape ablate wrote, one for each task.")
    ],
    out: Annotated[Path | None, typer.Option(help="Write the table as Markdown into this file too.")] = None,
    json: Json = False,
) -> None:
    """Show several tasks in one table: Recall@10, and what training gains in the mean.

    Of a study it is the mean over its seeds, and the best of all its baselines without training is among them; its
    zero-shot is the best of several templates on dev, that of an evaluation the prompt without its examples.

    Example: [bold]grape summary runs/scenes-test runs/paragraphs-test runs/composed-test[/bold]
    """
    from grape_rewrite.atomic import write_text
    from grape_rewrite.overview import (
        GAINS,
        OURS,
        SHOWN,
        gain_of,
        markdown,
        mean_of,
        overview,
        read_task_figures,
        value_of,
    )

    names = [folder.resolve().name for folder in folders]
    again = next((name for name in names if names.count(name) > 1), None)
    if again is not None:
        raise UserError(f"two of the folders are called {again}; tasks are named after their folders")
    found = overview({name: read_task_figures(folder) for name, folder in zip(names, folders, strict=True)})
    if out:
        write_text(out, markdown(found))
        note(f"Written: {out}")
    if json:
        say(jsonlib.dumps(found, ensure_ascii=False, indent=2))
        return
    methods = [method for method in SHOWN if method in found["average"]]
    table = Table(box=SIMPLE, title="Recall@10, and gains in points (95 %)", show_footer=True)
    table.add_column("task", "average", min_width=len("average"))
    for method in (*methods, OURS):
        table.add_column(method, justify="right", no_wrap=True)
    for method in GAINS:
        table.add_column(f"gain over {method}", mean_of(found, method), justify="right")
    for task, figures in found["tasks"].items():
        values = (value_of(figures, method).replace(" ", "\n", 1) for method in (*methods, OURS))
        table.add_row(escape(task), *values, *(gain_of(figures["gains"].get(method), "\n") for method in GAINS))
    show(table)
