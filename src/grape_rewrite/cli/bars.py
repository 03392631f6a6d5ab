"""The progress bars of trainings, whose steps take from a second to minutes."""

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from grape_rewrite.cli.output import notes

A_DAY = 86_400.0


def bars() -> Progress:
    """Bars of steps with the time that is left; a task has a `figure`, a short text that stands behind it.

    The time left is told by all steps since the task was last reset: by those of the last half minute, rich's default,
    a step that takes as long would never tell it.
    """
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figure]}", markup=False),
        console=notes,
        speed_estimate_period=A_DAY,
    )
