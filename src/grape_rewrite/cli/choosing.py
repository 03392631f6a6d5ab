"""What a person sees while ways to search are measured on dev."""

from types import TracebackType

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from grape_rewrite.cli.output import notes


class Choosing:
    """A progress bar on a terminal; elsewhere a line for each part.

    :param quiet: show neither.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bar = Progress(
            TextColumn("Choosing, {task.description}", markup=False),
            BarColumn(16),  # the longest description fits beside it in 80 columns
            TimeElapsedColumn(),
            console=notes,
            transient=True,
            refresh_per_second=2,
            disable=quiet or not notes.is_terminal,
        )
        self._task = self._bar.add_task("", total=None, visible=False)

    def __enter__(self) -> "Choosing":
        self._bar.start()
        return self

    def watch(self, what: str, done: int, parts: int) -> None:
        """Show that a part begins; see `operating_points.Watch`."""
        if notes.is_terminal:
            self._bar.update(self._task, description=what, completed=done, total=parts, visible=True)
        elif not self._quiet:
            notes.print(f"Choosing how to search, {what} ...", markup=False, soft_wrap=True)

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        value: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self._bar.stop()
