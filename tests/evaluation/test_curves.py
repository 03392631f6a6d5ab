"""Charts of training histories, the odd ones too."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.evaluation.curves import BOTTOM, LEFT, RIGHT, TOP, line_chart, moving_average, ticks, training_charts


def test_one_chart_for_each_figure():
    history = [
        {
            "step": step,
            "mrr": 0.1 * step,
            "rewards/rank_log/mean": 0.5,
            "rewards/length/mean": -0.1,
            "entropy": 1.0 / step,
        }
        for step in range(1, 6)
    ]
    history[4]["dev_mrr"] = 0.3
    charts = {chart.title: chart for chart in training_charts(history)}
    assert list(charts) == ["Mean reciprocal rank", "Reward", "Entropy"]
    # One dev value makes no line.
    assert [line.name for line in charts["Mean reciprocal rank"].series] == ["training queries"]
    assert [line.name for line in charts["Reward"].series] == ["rank log", "length"]
    assert charts["Entropy"].series[0].last == pytest.approx(0.2)


@pytest.mark.parametrize("history", [[], [{"step": 1, "mrr": 0.5}], [{"step": 1}, {"step": 2}]])
def test_nothing_to_draw(history):
    assert training_charts(history) == []


def test_values_that_are_no_numbers_are_left_out():
    history = [
        {"step": step, "reward": value} for step, value in enumerate([0.1, math.nan, 0.2, math.inf, None, "x", 0.3])
    ]
    [chart] = training_charts(history)
    assert len(chart.series[0].points.split()) == 3


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60))
def test_every_point_lies_in_the_chart(values):
    [chart] = training_charts([{"step": step, "reward": value} for step, value in enumerate(values)])
    for line in (*chart.series[0].points.split(), *chart.series[0].smooth.split()):
        x, y = map(float, line.split(","))
        assert LEFT - 0.1 <= x <= RIGHT + 0.1
        assert TOP - 0.1 <= y <= BOTTOM + 0.1
    for y, _ in chart.y_ticks:
        assert TOP - 0.1 <= y <= BOTTOM + 0.1
    for x, _ in chart.x_ticks:
        assert LEFT - 0.1 <= x <= RIGHT + 0.1


@given(st.floats(-1e6, 1e6), st.floats(1e-4, 1e6))
def test_ticks_are_round_few_and_around(low, width):
    found = ticks(low, low + width)
    assert 2 <= len(found) <= 8
    assert found[0] <= low + 1e-6 * width
    assert found[-1] >= low + width - 1e-6 * width


def test_moving_average_keeps_a_line_a_line():
    line = np.linspace(0, 1, 101)
    np.testing.assert_allclose(moving_average(line)[5:-5], line[5:-5])
    np.testing.assert_allclose(moving_average(line[:12]), line[:12])


def test_over_something_else_than_steps() -> None:
    rows = [{"minutes": 0.5, "a": 1.0}, {"minutes": 2.5, "a": 3.0}, {"minutes": 1.0, "b": 1.0}, {"a": 9.0}]
    chart = line_chart("title", "note", {"a": "first", "b": "second"}, rows, across="minutes")
    assert [line.name for line in chart.series] == ["first"]  # of the other there is one value
    (first, last) = (tuple(map(float, point.split(","))) for point in chart.series[0].points.split())
    assert (first[0], last[0]) == (LEFT, RIGHT)
    assert [label for _, label in chart.x_ticks] == ["0.5", "1", "1.5", "2", "2.5"]
    assert all(LEFT <= place <= RIGHT for place, _ in chart.x_ticks)
    assert line_chart("title", "note", {"a": "first"}, rows[3:], across="minutes") is None
