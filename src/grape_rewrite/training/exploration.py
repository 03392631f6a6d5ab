"""The temperature that keeps the samples of a step varied.

A policy that is sure of itself says the same again and again, and a group of equal rewrites teaches nothing.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

PACE = 0.1  # by how much the temperature's logarithm rises in a step for each share of rewrites that is missing
HOTTEST = 3.0  # times the temperature of the beginning; where few rewrites are possible, no heat makes more of them


def next_temperature(history: Sequence[Mapping[str, Any]], wanted: float, least: float) -> float:
    """Return the temperature to sample a step's rewrites at.

    It is a function of what was logged, so that a run that goes on from a checkpoint samples as if it had not
    stopped.

    >>> next_temperature([], wanted=0.75, least=0.7)
    0.7
    >>> round(next_temperature([{"temperature": 0.7, "distinct": 0.45}], wanted=0.75, least=0.7), 4)
    0.7213

    :param history: the rows that were logged so far, with `temperature` and `distinct`; others are passed over.
    :param wanted: the share of a group's rewrites that should differ; where fewer do, the temperature rises, where more
        do it falls.
    :param least: below this it does not fall; that of the first step.
    """
    if not wanted:
        return least
    last = next((row for row in reversed(history) if "distinct" in row and "temperature" in row), None)
    if last is None:
        return least
    asked = float(last["temperature"]) * math.exp(PACE * (wanted - float(last["distinct"])))
    return min(max(asked, least), HOTTEST * least)
