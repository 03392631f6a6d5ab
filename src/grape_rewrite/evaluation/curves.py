"""Curves of training as points of small line charts; the report's template draws them as inline SVG."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grape_rewrite.evaluation.formats import tick_label

Row = Mapping[str, float]

# The drawing area of a chart, in units of its view box of 320 x 170.
LEFT, RIGHT, TOP, BOTTOM = 38.0, 312.0, 8.0, 146.0

SMOOTHED = 20  # values that a line needs for its moving average, over a tenth of them, to differ from it


@dataclass(frozen=True)
class Series:
    """One line: its name, the polylines of all values and of their moving average, and its last value.

    `smooth` is empty where the values are so few that their moving average is of one each.
    """

    name: str
    points: str
    smooth: str
    last: float


@dataclass(frozen=True)
class Chart:
    """One chart: its title, its lines, and its ticks as (position, label)."""

    title: str
    note: str
    series: list[Series]
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]


def training_charts(history: Sequence[Row]) -> list[Chart]:
    """Return a chart for each figure that the training history holds.

    :param history: one row for each logged step, with `step` and any of `mrr`, `dev_mrr`, `reward`,
        `rewards/<term>/mean`, `rewrite_tokens`, `entropy`, `zero_variance` and `distinct`; a row may lack some.
    :return: the charts, in that order; none when there are fewer than two steps.
    """
    terms = {
        key: key.removeprefix("rewards/").removesuffix("/mean").replace("_", " ")
        for row in history
        for key in row
        if key.startswith("rewards/") and key.endswith("/mean")
    }
    panels: list[tuple[str, str, dict[str, str]]] = [
        (
            "Mean reciprocal rank",
            "of sampled rewrites; on dev of the likeliest",
            {"mrr": "training queries", "dev_mrr": "dev queries"},
        ),
        ("Reward", "mean of each term", terms or {"reward": "reward"}),
        ("Rewrite length", "tokens", {"rewrite_tokens": "tokens"}),
        ("Entropy", "nats a token learned from", {"entropy": "entropy"}),
        ("Groups without variance", "share that teaches nothing", {"zero_variance": "share"}),
        ("Distinct rewrites", "share of a group", {"distinct": "share"}),
    ]
    charts = (line_chart(title, note, names, history) for title, note, names in panels)
    return [chart for chart in charts if chart]


def line_chart(
    title: str, note: str, names: Mapping[str, str], history: Sequence[Row], across: str = "step"
) -> Chart | None:
    """Return a chart of some figures over training steps, or over something else.

    :param title: what is drawn.
    :param note: its unit, or what it is of.
    :param names: key in the rows -> what the line is called.
    :param history: rows with any of the keys.
    :param across: the key of what the lines run over.
    :return: the chart; None when no figure has two values.
    """
    lines = {name: _values(history, across, key) for key, name in names.items()}
    lines = {name: values for name, values in lines.items() if len(values) > 1}
    if not lines:
        return None
    everything = np.concatenate(list(lines.values()))
    x_low, x_high = _range(everything[:, 0])
    x_ticks = [tick for tick in ticks(x_low, x_high, whole=across == "step") if x_low <= tick <= x_high]
    y_ticks = ticks(*_range(everything[:, 1]))
    y_low, y_high = min(y_ticks[0], everything[:, 1].min()), max(y_ticks[-1], everything[:, 1].max())

    def x(value: float) -> float:
        return LEFT + (value - x_low) / (x_high - x_low) * (RIGHT - LEFT)

    def y(value: float) -> float:
        return BOTTOM - (value - y_low) / (y_high - y_low) * (BOTTOM - TOP)

    def polyline(steps: np.ndarray, values: np.ndarray) -> str:
        return " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in zip(steps, values, strict=True))

    return Chart(
        title,
        note,
        [
            Series(
                name,
                polyline(values[:, 0], values[:, 1]),
                polyline(values[:, 0], moving_average(values[:, 1])) if len(values) >= SMOOTHED else "",
                float(values[-1, 1]),
            )
            for name, values in lines.items()
        ],
        [(x(tick), tick_label(tick)) for tick in x_ticks],
        [(y(tick), tick_label(tick)) for tick in y_ticks],
    )


def _values(history: Sequence[Row], across: str, key: str) -> np.ndarray:
    """Return (rows, 2): where it is and the value, wherever the row has a finite one."""
    pairs = [(row[across], row[key]) for row in history if isinstance(row.get(key), int | float) and across in row]
    return np.array([pair for pair in pairs if math.isfinite(pair[1])], dtype=np.float64).reshape(-1, 2)


def _range(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    # Labels have ten decimals: values that differ by less would all be called the same.
    return (low, high) if high - low > 1e-9 * max(1.0, abs(low), abs(high)) else (low - 0.5, high + 0.5)


def ticks(low: float, high: float, count: int = 4, whole: bool = False) -> list[float]:
    """Return about `count` round numbers from the one at or below `low` to the one at or above `high`.

    >>> ticks(0.13, 0.42)
    [0.1, 0.2, 0.3, 0.4, 0.5]
    >>> ticks(1, 40, whole=True)  # none outside the range, where only whole numbers make sense
    [10, 20, 30, 40]

    :param low: the lowest value.
    :param high: the highest value, above `low`.
    :param count: how many steps to aim at.
    :param whole: whole numbers within the range only.
    """
    step = 10 ** math.floor(math.log10((high - low) / count))
    step = next(step * factor for factor in (1, 2, 5, 10) if step * factor * count >= (high - low) * 0.999)
    if whole:
        step = max(step, 1)
        first, last = math.ceil(low / step), math.floor(high / step)
    else:
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def moving_average(values: np.ndarray) -> np.ndarray:
    """Return the centred mean over a tenth of the values (an odd number of them, fewer at the ends)."""
    half = len(values) // SMOOTHED
    total = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    low, high = np.maximum(at - half, 0), np.minimum(at + half + 1, len(values))
    return (total[high] - total[low]) / (high - low)
