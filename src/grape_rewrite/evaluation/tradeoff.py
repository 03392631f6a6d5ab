"""Recall against harm and against cost: every way to search with one rewriter, as points of charts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grape_rewrite.evaluation.curves import BOTTOM, LEFT, RIGHT, TOP, ticks
from grape_rewrite.evaluation.formats import tick_label
from grape_rewrite.evaluation.labels import Box, Lead, lead, place_names
from grape_rewrite.evaluation.operating_points import UNGUARDED

FOOT = 2.5  # from the lower edge of a name to the line that its letters stand on


@dataclass(frozen=True)
class Mark:
    """One strategy in a chart: its place, its name, and its figures in words."""

    x: float
    y: float
    name: str
    words: str


@dataclass(frozen=True)
class Role:
    """What one of the marks is deployed for, and where the chart says so; see SVG's `text-anchor` for the anchor.

    `lead` are the ends of the line between the two where they are far apart.
    """

    mark: Mark
    text: str
    x: float
    y: float
    anchor: str
    lead: Lead | None


@dataclass(frozen=True)
class Tradeoff:
    """One chart, of the same size as those of `curves`; the frontier is a polyline of what nothing beats in both."""

    title: str
    note: str
    marks: list[Mark]
    roles: list[Role]
    frontier: str
    caption: str
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]


def tradeoffs(found: Mapping[str, Any]) -> list[Tradeoff]:
    """Return Recall@10 over harm, and over the tokens and the time that a query alone costs; shares are in %.

    Raw queries are left out: where rewriting helps they lie so far below that all others would be one line.

    :param found: what `describe_points` returned.
    """
    points = [
        {**point, "recall": 100 * point["recall"], "harm": 100 * point["harm"]}
        for point in found["points"]
        if point["strategy"] != "raw"
    ]
    roles = {UNGUARDED: UNGUARDED}
    for kind, name in found["chosen"].items():
        roles[name] = f"{roles[name]}, {kind}" if name in roles else kind
    return [
        _chart("Recall@10 and harm", "the share of queries that rank worse than raw, in %", points, "harm", roles),
        _chart("Recall@10 and cost", "the tokens that are generated for a query", points, "tokens", roles),
        _chart("Recall@10 and time", "the milliseconds that a query alone takes", points, "milliseconds", roles),
    ]


def _chart(title: str, note: str, points: Sequence[Mapping[str, Any]], cost: str, roles: Mapping[str, str]) -> Tradeoff:
    x_ticks = ticks(0.0, max(*(point[cost] for point in points), 0.1))
    recalls = [point["recall"] for point in points]
    y_ticks = ticks(min(recalls), max(*recalls, min(recalls) + 0.1))

    def x(value: float) -> float:
        return round(LEFT + (value - x_ticks[0]) / (x_ticks[-1] - x_ticks[0]) * (RIGHT - LEFT), 1)

    def y(value: float) -> float:
        return round(BOTTOM - (value - y_ticks[0]) / (y_ticks[-1] - y_ticks[0]) * (BOTTOM - TOP), 1)

    marks = [
        Mark(
            x(point[cost]),
            y(point["recall"]),
            point["strategy"],
            f"Recall@10 {point['recall']:.1f} %, harm {point['harm']:.1f} %, {point['tokens']:.1f} tokens, "
            f"{point['milliseconds']:.0f} ms",
        )
        for point in points
    ]
    named = [mark for mark in marks if mark.name in roles]
    boxes = place_names(
        [((mark.x, mark.y), roles[mark.name]) for mark in named],
        [(mark.x, mark.y) for mark in marks],
        Box(LEFT, 0.0, RIGHT, BOTTOM),  # the picture, less the labels of its axes
    )
    front = unbeaten(points, cost)
    return Tradeoff(
        title,
        f"upwards Recall@10 in %, to the right {note}",
        [mark for mark in marks if mark.name not in roles],
        [_role(mark, roles[mark.name], box) for mark, box in zip(named, boxes, strict=True)],
        " ".join(f"{x(point[cost])},{y(point['recall'])}" for point in front) if len(front) > 1 else "",
        "The line joins what no other beats in both."
        if len(front) > 1
        else f"{front[0]['strategy']} is the best in both, so that there is no line.",
        [(x(tick), tick_label(tick)) for tick in x_ticks],
        [(y(tick), tick_label(tick)) for tick in y_ticks],
    )


def _role(mark: Mark, text: str, box: Box) -> Role:
    # Fonts differ: a text that turns out narrower than its box keeps to the side where its mark is.
    if box.left > mark.x:
        x, anchor = box.left, "start"
    elif box.right < mark.x:
        x, anchor = box.right, "end"
    else:
        x, anchor = (box.left + box.right) / 2, "middle"
    return Role(mark, text, round(x, 1), round(box.bottom - FOOT, 1), anchor, lead((mark.x, mark.y), box))


def unbeaten(points: Sequence[Mapping[str, Any]], cost: str) -> list[Mapping[str, Any]]:
    """Return the points that no other beats in both recall and cost, by rising cost.

    :param points: with `recall` and the cost.
    :param cost: the key that should be small.
    """
    front: list[Mapping[str, Any]] = []
    for point in sorted(points, key=lambda point: (point[cost], -point["recall"])):
        if not front or point["recall"] > front[-1]["recall"]:
            front.append(point)
    return front
