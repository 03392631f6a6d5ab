"""The scale that the strips of a table share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.evaluation.strips import shared_scale

ENDS = st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(sorted)


@given(st.lists(ENDS, max_size=8))
def test_it_holds_zero_and_every_interval(intervals) -> None:
    scale = shared_scale([{"low": low, "high": high} for low, high in intervals])
    for value in (0.0, *(end for interval in intervals for end in interval)):
        assert 0 < scale.at(value) < 100


def test_it_ends_where_the_intervals_do() -> None:
    scale = shared_scale([{"low": -0.1, "high": 0.1}, {"low": 0.2, "high": 0.4}])
    assert scale.at(-0.1) == pytest.approx(100 - scale.at(0.4))
    assert scale.at(-0.1) < 5
    assert shared_scale([]).at(0.0) == 50
