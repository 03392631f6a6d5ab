"""Where names stand beside the marks of a chart: inside it, over no other name, over few marks."""

from collections.abc import Sequence
from typing import NamedTuple

# In a chart's units, at the size that the style sheet gives names: a letter's width, a line's height, a mark's radius.
LETTER, LINE, RADIUS = 6.5, 11.0, 4.0

FARTHEST = 8  # lines from a mark to its name; only where several marks crowd in a corner are they more than one or two

Place = tuple[float, float]


class Box(NamedTuple):
    """A rectangle; `y` grows downwards, as it does in a chart."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Whether the two have some area in common."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def within(self, other: "Box") -> bool:
        """Whether it does not reach beyond another."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


def place_names(named: Sequence[tuple[Place, str]], marks: Sequence[Place], area: Box) -> list[Box]:
    """Return where each name stands: as near to its mark as there is room, anywhere beside it where there is none.

    :param named: the marks that have names.
    :param marks: all marks; those without a name may be covered where it must be.
    :param area: the chart.
    """
    taken = [_around(mark) for mark, _ in named]
    places: dict[int, Box] = {}
    for number in sorted(range(len(named)), key=lambda number: -len(named[number][1])):  # the longest need most room
        around = [_candidates(*named[number], distance) for distance in range(1, FARTHEST + 1)]
        room = ([box for box in boxes if box.within(area) and not any(map(box.meets, taken))] for boxes in around)
        free = next(filter(None, room), around[0])
        places[number] = min(free, key=lambda box: sum(box.meets(_around(other)) for other in marks))
        taken.append(places[number])
    return [places[number] for number in range(len(named))]


def _around(mark: Place) -> Box:
    x, y = mark
    return Box(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS)


def _candidates(mark: Place, name: str, distance: int) -> list[Box]:
    """Places around a mark: above, below, to the right, to the left, then the corners."""
    wide = len(name) * LETTER / 2
    right, down = wide + RADIUS + 2 * distance, LINE / 2 + RADIUS + LINE * (distance - 1) + 1
    sides = ((0, -1), (0, 1), (1, 0), (-1, 0), (1, -1), (-1, -1), (1, 1), (-1, 1))
    middles = [(mark[0] + across * right, mark[1] + along * down) for across, along in sides]
    return [Box(x - wide, y - LINE / 2, x + wide, y + LINE / 2) for x, y in middles]
