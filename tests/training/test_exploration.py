"""The temperature that keeps samples apart."""

import math

import pytest

from grape_rewrite.training.exploration import next_temperature


def settled(wanted: float, varied: float) -> float:
    """The temperature after many steps, when twice the temperature makes twice the share of distinct rewrites."""
    rows: list[dict[str, float]] = []
    for _ in range(400):
        temperature = next_temperature(rows, wanted, 0.7)
        rows.append({"temperature": temperature, "distinct": min(1.0, varied * temperature)})
    return rows[-1]["temperature"]


def test_it_settles_where_as_many_differ_as_are_wanted() -> None:
    assert settled(wanted=0.75, varied=0.6) == pytest.approx(0.75 / 0.6)
    assert settled(wanted=0.75, varied=1.2) == 0.7  # more differ at the temperature of the beginning
    assert settled(wanted=0.75, varied=0.1) == pytest.approx(2.1)  # no heat is enough


def test_it_stays_where_nothing_is_wanted() -> None:
    assert settled(wanted=0.0, varied=0.1) == 0.7
    assert next_temperature([{"loss": 1.0}], 0.9, 0.7) == 0.7


def test_rows_that_lack_it_are_passed_over() -> None:
    rows = [{"temperature": 0.8, "distinct": 0.5}, {"dev_mrr": 0.2}]
    assert next_temperature(rows, 0.9, 0.7) == pytest.approx(0.8 * math.exp(0.04))
