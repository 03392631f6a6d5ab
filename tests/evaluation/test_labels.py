"""Names beside marks, wherever the marks are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.evaluation.labels import NEAR, RADIUS, Box, lead, place_names

AREA = Box(38, 0, 312, 146)
MARKS = st.tuples(st.floats(38, 312), st.floats(8, 146))
CROWDED = st.sampled_from([(38.0, 8.0), (312.0, 8.0), (38.0, 146.0), (312.0, 146.0), (175.0, 77.0)])
NAMES = st.sampled_from([["greedy", "fast", "safe", "best"], ["greedy", "fast, safe", "best"], ["fast, safe, best"]])


@given(NAMES, st.lists(MARKS | CROWDED, min_size=4, max_size=4), st.lists(MARKS, max_size=30))
def test_names_stay_in_the_chart_and_over_no_other_name_or_named_mark(names, marks, others) -> None:
    named = list(zip(marks, names, strict=False))
    boxes = place_names(named, [*marks, *others], AREA)
    for place, box in enumerate(boxes):
        assert box.within(AREA)
        assert not any(box.meets(other) for other in boxes[:place])
        for (x, y), _ in named:
            assert not box.meets(Box(x - 1, y - 1, x + 1, y + 1))


@pytest.mark.parametrize("corner", [(38.0, 8.0), (312.0, 8.0), (38.0, 146.0), (312.0, 146.0)])
def test_four_names_find_room_in_one_corner(corner) -> None:
    boxes = place_names([(corner, name) for name in ("greedy", "fast", "safe", "best")], [corner], AREA)
    assert all(box.within(AREA) for box in boxes)
    assert not any(box.meets(other) for place, box in enumerate(boxes) for other in boxes[:place])


@given(NAMES, st.lists(MARKS | CROWDED, min_size=4, max_size=4), st.lists(MARKS, max_size=30))
def test_a_name_is_near_or_a_line_leads_to_it(names, marks, others) -> None:
    named = list(zip(marks, names, strict=False))
    for ((x, y), _), box in zip(named, place_names(named, [*marks, *others], AREA), strict=True):
        across, along = (max(box.left - x, 0, x - box.right), max(box.top - y, 0, y - box.bottom))
        line = lead((x, y), box)
        assert (line is None) == (np.hypot(across, along) <= NEAR)
        if line:
            start, end = line
            assert np.hypot(start[0] - x, start[1] - y) == pytest.approx(RADIUS)
            assert box.left <= end[0] <= box.right
            assert box.top <= end[1] <= box.bottom
            assert not box.crossed(line)


@pytest.mark.parametrize("corner", [(38.0, 8.0), (312.0, 8.0), (38.0, 146.0), (312.0, 146.0)])
@pytest.mark.parametrize("shift", [0, 2.3, 6])
def test_no_line_runs_through_a_name(corner, shift) -> None:
    x, y = corner
    inwards = -1 if x > 100 else 1
    named = [((x, y), "fast, safe, best"), ((x + inwards * shift, y), "greedy")]
    boxes = place_names(named, [mark for mark, _ in named], AREA)
    lines = [lead(mark, box) for (mark, _), box in zip(named, boxes, strict=True)]
    assert not any(box.crossed(line) for box in boxes for line in lines if line)
    assert boxes[1].top - y < 20  # the second name is next to the first
    assert y - boxes[1].bottom < 20


@given(st.tuples(st.floats(-30, 30), st.floats(-30, 30)), st.tuples(st.floats(-30, 30), st.floats(-30, 30)))
def test_a_box_is_crossed_where_points_of_the_line_are_in_it(start, end) -> None:
    box = Box(-10, -5, 12, 6)
    x, y = (np.linspace(start[axis], end[axis], 2001) for axis in (0, 1))
    deep = ((x > -9.9) & (x < 11.9) & (y > -4.9) & (y < 5.9)).any()
    inside = ((x > -10.1) & (x < 12.1) & (y > -5.1) & (y < 6.1)).any()
    assert deep <= box.crossed((start, end)) <= inside


def test_a_name_covers_few_marks_and_stays_near() -> None:
    [box] = place_names([((100, 70), "safe")], [(100, 70), (100, 60), (100, 80)], AREA)
    assert box.left > 100  # beside it: there are marks above and below
    assert box.left - 100 < 10
    [box] = place_names([((100, 70), "safe")], [(100, 70)], AREA)
    assert box.bottom < 70


def test_where_there_is_no_room_a_name_is_beside_its_mark_all_the_same() -> None:
    [box] = place_names([((5, 5), "fast, safe, best")], [(5, 5)], Box(0, 0, 10, 10))
    assert box.meets(Box(-60, -20, 70, 30))
