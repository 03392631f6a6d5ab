"""Recall against harm and against cost: every way to search with one rewriter, as points of two charts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grape_rewrite.evaluation.curves import BOTTOM, LEFT, RIGHT, TOP, ticks
from grape_rewrite.evaluation.operating_points import UNGUARDED


@dataclass(frozen=True)
class Mark:
    """One strategy in a chart: its place, its name, its figures in words, and what it is deployed for, if anything."""

    x: float
    y: float
    name: str
    words: str
    role: str
    label_y: float


@dataclass(frozen=True)
class Tradeoff:
    """One chart, of the same size as those of `curves`; the frontier is a polyline of what nothing beats in both."""

    title: str
    note: str
    marks: list[Mark]
    frontier: str
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]


def tradeoffs(found: Mapping[str, Any]) -> list[Tradeoff]:
    """Return Recall@10 over harm, and Recall@10 over the tokens that a query costs.

    Raw queries are left out: they lie so far below that all others would be one line.

    :param found: what `describe_points` returned.
    """
    points = [point for point in found["points"] if point["strategy"] != "raw"]
    roles = {UNGUARDED: UNGUARDED}
    for name in found["chosen"].values():
        roles[name] = ", ".join(kind for kind, chosen in found["chosen"].items() if chosen == name)
    return [
        _chart("Recall@10 and harm", "share of queries ranked worse than raw", points, "harm", roles),
        _chart("Recall@10 and cost", "generated tokens a query", points, "tokens", roles),
    ]


def _chart(title: str, note: str, points: Sequence[Mapping[str, Any]], cost: str, roles: Mapping[str, str]) -> Tradeoff:
    x_ticks = ticks(0.0, max(*(point[cost] for point in points), 1e-3))
    recalls = [point["recall"] for point in points]
    y_ticks = ticks(min(recalls), max(*recalls, min(recalls) + 1e-3))

    def x(value: float) -> float:
        return round(LEFT + (value - x_ticks[0]) / (x_ticks[-1] - x_ticks[0]) * (RIGHT - LEFT), 1)

    def y(value: float) -> float:
        return round(BOTTOM - (value - y_ticks[0]) / (y_ticks[-1] - y_ticks[0]) * (BOTTOM - TOP), 1)

    named = [point["strategy"] for point in sorted(points, key=lambda it: it[cost]) if point["strategy"] in roles]

    def mark(point: Mapping[str, Any]) -> Mark:
        name = point["strategy"]
        # Names stand above and below their marks by turns, so that those of neighbours do not meet.
        turn = named.index(name) % 2 if name in roles else 0
        return Mark(
            x(point[cost]),
            y(point["recall"]),
            name,
            f"Recall@10 {point['recall']:.3f}, harm {point['harm']:.3f}, {point['tokens']:.1f} tokens, "
            f"{point['milliseconds']:.0f} ms",
            roles.get(name, ""),
            y(point["recall"]) + (14 if turn else -8),
        )

    frontier = " ".join(f"{x(point[cost])},{y(point['recall'])}" for point in unbeaten(points, cost))
    return Tradeoff(
        title,
        note,
        sorted(map(mark, points), key=lambda mark: bool(mark.role)),  # those that matter are drawn over the others
        frontier,
        [(x(tick), f"{tick:g}") for tick in x_ticks],
        [(y(tick), f"{tick:g}") for tick in y_ticks],
    )


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
