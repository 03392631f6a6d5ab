"""Names beside marks, wherever the marks are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.evaluation.labels import Box, place_names

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


def test_a_name_covers_few_marks_and_stays_near() -> None:
    [box] = place_names([((100, 70), "safe")], [(100, 70), (100, 60), (100, 80)], AREA)
    assert box.left > 100  # beside it: there are marks above and below
    assert box.left - 100 < 10
    [box] = place_names([((100, 70), "safe")], [(100, 70)], AREA)
    assert box.bottom < 70


def test_where_there_is_no_room_a_name_is_beside_its_mark_all_the_same() -> None:
    [box] = place_names([((5, 5), "fast, safe, best")], [(5, 5)], Box(0, 0, 10, 10))
    assert box.meets(Box(-60, -20, 70, 30))
