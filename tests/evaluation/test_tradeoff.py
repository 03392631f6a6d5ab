"""Charts of recall against harm and cost."""

from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.evaluation.operating_points import Point, describe_points
from grape_rewrite.evaluation.tradeoff import tradeoffs, unbeaten

POINTS = [
    Point("raw", 0.1, -0.4, 0.05, 0.0, 0.0, 0.0),
    Point("greedy", 0.5, 0.0, 0.3, 0.08, 6.0, 80.0),
    Point("greedy+raw-0.2", 0.51, 0.005, 0.3, 0.05, 6.0, 80.0),
    Point("mean-8", 0.6, 0.095, 0.35, 0.07, 50.0, 200.0),
    Point("mean-4", 0.55, 0.045, 0.35, 0.09, 25.0, 150.0),
]
VALUES = st.floats(0, 1)


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=12))
def test_the_frontier_is_what_nothing_beats(values: list[tuple[float, float]]) -> None:
    points = [{"recall": recall, "harm": harm} for recall, harm in values]
    front = unbeaten(points, "harm")

    def beats(a: dict[str, float], b: dict[str, float]) -> bool:
        return a["recall"] >= b["recall"] and a["harm"] <= b["harm"] and a != b

    free = [point for point in points if not any(beats(other, point) for other in points)]
    assert {tuple(point.items()) for point in front} == {tuple(point.items()) for point in free}
    assert front == sorted(front, key=lambda point: point["harm"])


def test_charts_hold_every_strategy_once_and_say_which_to_deploy() -> None:
    found = describe_points(POINTS, "safe", 260)
    harm, cost, time = tradeoffs(found)
    for chart in (harm, cost, time):
        marks = [*chart.marks, *(role.mark for role in chart.roles)]
        assert sorted(mark.name for mark in marks) == sorted(point.strategy for point in POINTS[1:])
        roles = {role.text: role.mark.name for role in chart.roles}
        assert roles == {"greedy, fast": "greedy", "safe": "greedy+raw-0.2", "best": "mean-8"}
        assert all(38 <= mark.x <= 312 and 8 <= mark.y <= 146 for mark in marks)
        assert chart.caption == "The line joins what no other beats in both."
    places = {mark.name: mark for mark in [*harm.marks, *(role.mark for role in harm.roles)]}
    assert places["mean-4"].x > places["greedy"].x > places["mean-8"].x > places["greedy+raw-0.2"].x
    assert places["mean-8"].y < places["mean-4"].y < places["greedy+raw-0.2"].y < places["greedy"].y
    assert len(harm.frontier.split()) == 2
    assert len(cost.frontier.split()) == 3
    tokens, milliseconds = (
        {mark.name: mark.x for mark in [*chart.marks, *(role.mark for role in chart.roles)]} for chart in (cost, time)
    )
    # Twice the tokens of mean-4 take a third more of its time.
    assert (tokens["mean-8"] - 38) / (tokens["mean-4"] - 38) > 1.9
    assert (milliseconds["mean-8"] - 38) / (milliseconds["mean-4"] - 38) < 1.4


def test_a_line_leads_to_a_name_that_has_no_room_beside_its_mark() -> None:
    level = [Point(name, 0.6, 0.0, 0.35, 0.0, 6.0, 80.0) for name in ("greedy", "mean-8")]
    crowd = [Point(f"rrf-{row}", 0.6, 0.0, 0.35, 0.0, 6.0, 80.0) for row in range(4)]
    points = [POINTS[0], *level, *crowd]
    found = {**describe_points(points, "safe", 260), "chosen": {"fast": "rrf-0", "safe": "rrf-1", "best": "rrf-2"}}
    for chart in tradeoffs(found):
        led = [role for role in chart.roles if role.lead]
        assert 0 < len(led) < len(chart.roles)
        for role in led:
            [start, end] = role.lead
            assert abs(start[0] - role.mark.x) <= 4
            assert abs(end[1] - role.y) < 10


def test_a_chart_without_a_line_says_so() -> None:
    points = [POINTS[0], POINTS[1], Point("mean-8", 0.6, 0.1, 0.35, 0.01, 50.0, 200.0)]
    harm, cost, _ = tradeoffs(describe_points(points, "safe", 260))
    assert harm.frontier == ""
    assert harm.caption == "mean-8 is the best in both, so that there is no line."
    assert len(cost.frontier.split()) == 2
    assert cost.caption == "The line joins what no other beats in both."
