"""`grape demo`."""

from pathlib import Path
from typing import Annotated

import typer

from grape_rewrite.cli.options import Seed
from grape_rewrite.cli.output import enter, note, show, shows_progress
from grape_rewrite.errors import INTERRUPTED
from grape_rewrite.training.config import DEMO_STEPS


def demo(
    out: Annotated[
        Path, typer.Option(file_okay=False, help="Folder for the adapter, the figures and the report.")
    ] = Path("runs/demo"),
    steps: Annotated[int, typer.Option(min=1, help="Training steps, a quarter of those of grape train.")] = DEMO_STEPS,
    queries: Annotated[int, typer.Option(min=1, help="Test queries, all languages alike.")] = 650,
    seed: Seed = 0,
) -> None:
    """The main job on the embedded default: build the data, train, measure, write the report.

    Needs neither a model hub nor an accelerator. Example: [bold]grape demo --out runs/demo[/bold]
    """
    enter("Loading libraries")
    from grape_rewrite.cli.display import Display
    from grape_rewrite.cli.tables import evaluation_table
    from grape_rewrite.demo import REPORT, command, run_demo
    from grape_rewrite.lock import locked

    try:
        with locked(out, wait=False), Display() as display:
            evaluation = run_demo(
                out,
                seed,
                steps,
                queries,
                progress=shows_progress(),
                watch=display.watch,
                begin=display.begin,
                enter=enter,  # some parts take minutes, and show nothing in a pipe
            )
    except KeyboardInterrupt:
        again = command(out, seed, steps, queries)
        note(f"Interrupted. Go on from what was saved with: {again}")
        raise typer.Exit(INTERRUPTED) from None
    show(evaluation_table(evaluation.summary))
    note(f"Report: {out / REPORT}")
