"""Where names stand beside the marks of a chart: inside it, over no other name, over few marks."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

# In a chart's units, at the size that the style sheet gives names: a letter's width, a line's height, a mark's radius.
LETTER, LINE, RADIUS = 6.5, 11.0, 4.0

NEAR = 10.0  # from a mark to its name; where it is farther, a line is needed between the two

FARTHEST = 8  # lines from a mark to its name; only where several marks crowd in a corner are they more than one or two

Place = tuple[float, float]
Lead = tuple[Place, Place]


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

    def crossed(self, lead: Lead) -> bool:
        """Whether a line runs through it; one that touches its edge does not."""
        (x, y), (to_x, to_y) = lead
        first, last = 0.0, 1.0  # the part of the line that is between two opposite edges, and then between the others
        for start, end, low, high in ((x, to_x, self.left, self.right), (y, to_y, self.top, self.bottom)):
            if start == end:
                if not low < start < high:
                    return False
                continue
            enters, leaves = sorted(((low - start) / (end - start), (high - start) / (end - start)))
            first, last = max(first, enters), min(last, leaves)
        return last - first > 1e-9


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
        room = [[box for box in boxes if box.within(area) and not any(map(box.meets, taken))] for boxes in around]
        clear = ([box for box in boxes if not _tangled(number, box, named, places)] for boxes in room)
        free = next(filter(None, [*clear, *room]), around[0])
        places[number] = min(free, key=lambda box: sum(box.meets(_around(other)) for other in marks))
        taken.append(places[number])
    return [places[number] for number in range(len(named))]


def lead(mark: Place, box: Box) -> Lead | None:
    """Return the line from a mark to its name, from the rim of the one to the middle of the other's side.

    :return: the two ends; None where the name is so near that it needs none.
    """
    x, y = mark
    near = (min(max(x, box.left), box.right), min(max(y, box.top), box.bottom))
    if math.dist(mark, near) <= NEAR:
        return None
    middle = (box.top + box.bottom) / 2
    end = (near[0], near[1] if box.left <= x <= box.right else middle)
    share = RADIUS / math.dist(mark, end)
    return (x + share * (end[0] - x), y + share * (end[1] - y)), end


def _tangled(number: int, box: Box, named: Sequence[tuple[Place, str]], places: Mapping[int, Box]) -> bool:
    """Whether a name's line would run through a name that has its place, or the line of such a name through this."""
    ours = lead(named[number][0], box)
    if ours and any(other.crossed(ours) for other in places.values()):
        return True
    theirs = (lead(named[other][0], place) for other, place in places.items())
    return any(box.crossed(line) for line in theirs if line)


def _around(mark: Place) -> Box:
    x, y = mark
    return Box(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS)


def _candidates(mark: Place, name: str, distance: int) -> list[Box]:
    """Places around a mark: above, below, to the right, to the left, the corners, then above and below to one side."""
    wide = len(name) * LETTER / 2
    # Names in one corner stand below each other, each so far from the one beside the mark that they do not meet.
    beside, down = wide + RADIUS + 2, LINE / 2 + RADIUS + LINE * (distance - 1) + 2
    far = beside + 2 * (distance - 1)
    moves = [(0.0, -down), (0.0, down), (far, 0.0), (-far, 0.0)]
    moves += [(across, along) for shift in (beside, wide - 1) for along in (-down, down) for across in (shift, -shift)]
    middles = [(mark[0] + across, mark[1] + along) for across, along in moves]
    return [Box(x - wide, y - LINE / 2, x + wide, y + LINE / 2) for x, y in middles]
