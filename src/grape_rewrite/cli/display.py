"""What a person sees while a rewriter trains."""

import math
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from grape_rewrite.cli.bars import bars
from grape_rewrite.cli.output import note, notes
from grape_rewrite.training.example import Example

BLOCKS = "▁▂▃▄▅▆▇█"
SHOWN = {
    "reward": "reward, all terms",
    "rewards/form/mean": "form",
    "rewards/length/mean": "length",
    "mrr": "MRR of the samples",
    "zero_variance": "groups without variance",
    "distinct": "distinct rewrites of a group",
    "rewrite_tokens": "tokens a rewrite",
    "entropy": "entropy, nats",
}


class Display:
    """A progress bar, the metrics and live examples on a terminal; elsewhere a line for each step."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self._live: Live | None = None
        self._bar = bars()
        self._task = self._bar.add_task("Training", total=None, figure="")

    def __enter__(self) -> "Display":
        return self

    def begin(self, steps: int) -> None:
        """Say how many steps there will be."""
        self._bar.update(self._task, total=steps)

    def watch(self, row: dict[str, Any], examples: list[Example]) -> None:
        """Show a step."""
        self.rows.append(row)
        if notes.is_terminal:
            if self._live is None:
                self._live = Live(console=notes, refresh_per_second=2)
                self._live.start()
                self._bar.reset(self._task, completed=row["step"], figure="")  # a run that goes on has steps already
            self._bar.update(self._task, completed=row["step"])
            self._live.update(Group(self._bar, self._metrics(), *self._examples(examples)))
            if row["step"] == self._bar.tasks[0].total:
                self.__exit__()
        else:
            note(line_of(row))

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _metrics(self) -> Table:
        table = Table(box=None, show_header=False, padding=(0, 2))
        latest = self.rows[-1]
        terms = [key for key in latest if key.startswith("rewards/") and key.endswith("/mean")]
        labels = {**{key: key.split("/")[1] for key in terms}, **SHOWN}
        for key, label in labels.items():
            if key in latest:
                table.add_row(label, f"{latest[key]:.3f}", sparkline([row[key] for row in self.rows if key in row]))
        dev = [row["dev_mrr"] for row in self.rows if "dev_mrr" in row]
        if dev:
            table.add_row("MRR on dev", f"{dev[-1]:.3f}", sparkline(dev))
        return table

    def _examples(self, examples: list[Example]) -> list[Text]:
        return [
            Text(
                f"  {shown.query} → {shown.rewrite}  (rank {shown.rank_before:g} → {shown.rank_after:g})",
                style="green" if shown.rank_after < shown.rank_before else "dim",
            )
            for shown in examples
        ]


def line_of(row: dict[str, Any]) -> str:
    """Return a step as one line."""
    parts = [f"step {row['step']}"]
    for key, name in (
        ("reward", "reward"),
        ("mrr", "MRR of samples"),
        ("rewrite_tokens", "tokens"),
        ("entropy", "entropy"),
        ("dev_mrr", "dev MRR"),
        ("dev_recall@10", "dev R@10"),
    ):
        if key in row:
            parts.append(f"{name} {row[key]:.3f}")
    return "  ".join(parts)


def sparkline(values: list[float], width: int = 40) -> str:
    """Draw the last values with block characters.

    >>> sparkline([0.0, 1.0, 2.0, 7.0])
    '▁▂▃█'

    What is no number is left out.
    """
    values = [value for value in values[-width:] if math.isfinite(value)]
    if not values:
        return ""
    low, high = min(values), max(values)
    span = high - low or 1.0
    return "".join(BLOCKS[int((value - low) / span * (len(BLOCKS) - 1))] for value in values)
