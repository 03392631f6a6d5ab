"""Each query's right item against its strongest wrong ones, as points of a small plot."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grape_rewrite.evaluation.curves import ticks
from grape_rewrite.evaluation.formats import tick_label

# The drawing area, in units of its view box of 240 x 232; the same scale for both axes.
LOW, HIGH, SIDE = 34.0, 230.0, 240.0
MOST = 600  # points in a plot; more only blacken it
STEPS = 6  # to aim at, of an axis


@dataclass(frozen=True)
class Plot:
    """One plot: title, points, the ticks of both axes as (position, label), and the share above the diagonal.

    The fewer points there are, the less transparent they are drawn: where many lie over each other it shows.
    """

    title: str
    points: list[tuple[float, float]]
    ticks: list[tuple[float, str]]
    above: float

    @property
    def opacity(self) -> float:
        """How opaque its points are, from 0 to 1."""
        return round(min(0.9, max(0.5, 50 / len(self.points))), 2)

    def up(self, position: float) -> float:
        """Turn a position along the axis into one that grows upwards."""
        return SIDE - position


def scatter_plots(levels: Sequence[tuple[str, Sequence[tuple[float, float]]]]) -> list[Plot]:
    """Return a plot for each method, all on one scale.

    :param levels: (method, one pair for each query: the score of its best positive, the mean of its hard negatives).
    """
    everything = np.array([pair for _, pairs in levels for pair in pairs])
    if len(everything) == 0:
        return []
    marks = ticks(float(everything.min()), max(float(everything.max()), float(everything.min()) + 1e-3), STEPS)
    low, high = marks[0], marks[-1]

    def along(value: float) -> float:
        return LOW + (value - low) / (high - low) * (HIGH - LOW)

    plots = []
    for name, pairs in levels:
        values = np.array(pairs)
        shown = values[:: max(1, -(-len(values) // MOST))]
        plots.append(
            Plot(
                name,
                [(round(along(hard), 1), round(SIDE - along(positive), 1)) for positive, hard in shown],
                [(along(mark), tick_label(mark)) for mark in marks],
                float((values[:, 0] > values[:, 1]).mean()),
            )
        )
    return plots
