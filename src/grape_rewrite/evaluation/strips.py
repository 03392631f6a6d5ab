"""Strips: the intervals of a table's comparisons, which all its rows draw on one scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MARGIN = 0.03  # of the scale, so that marks at its ends stay inside


@dataclass(frozen=True)
class Scale:
    """The ends of every strip of a table."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Return where a value lies, in % of the strip.

        >>> Scale(-1.0, 3.0).at(0.0)
        25.0
        """
        return round(100 * (value - self.low) / (self.high - self.low), 2)


def shared_scale(comparisons: Sequence[Mapping[str, Any]]) -> Scale:
    """Return the scale that holds zero and the intervals of all comparisons, whatever their metric: all are points.

    :param comparisons: each with `low` and `high`.
    """
    low = min([0.0, *(row["low"] for row in comparisons)])
    high = max([0.0, *(row["high"] for row in comparisons)])
    margin = MARGIN * (high - low) or 1.0  # where nothing differs, zero stands in the middle
    return Scale(low - margin, high + margin)
