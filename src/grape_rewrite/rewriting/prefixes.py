"""What prompts begin with in common: it is run once for all, or once for each family where that pays."""

from collections.abc import Sequence
from functools import cache

Members = tuple[int, ...]

# What a family of prompts costs beside its tokens, as a number of tokens: passes through the decoder of its own.
PASSES = 512


def shared_prefix(prompts: Sequence[Sequence[int]]) -> int:
    """Return how many tokens all prompts begin with, leaving at least one token of each.

    >>> shared_prefix([[1, 2, 3, 4], [1, 2, 5], [1, 2, 3]])
    2
    >>> shared_prefix([[1, 2, 3]])
    2
    """
    ordered = [tuple(prompt) for prompt in prompts]
    first, last = min(ordered), max(ordered)
    length = min(map(len, ordered)) - 1
    return next((i for i in range(length) if first[i] != last[i]), length)


def families(prompts: Sequence[Sequence[int]], passes: int = PASSES) -> list[list[int]]:
    """Part prompts so that the fewest tokens are run when the common beginning of each family is run once.

        cost of a family = passes + c + sum over its prompts p of (|p| - c),    c = length of its common beginning

    Prompts of one task begin with the same instruction and examples, and stay together. Those of several tasks share
    next to nothing, but each task's own do.

    >>> tasks = [[1, 2, 3, 4, 9], [1, 2, 3, 4, 8], [1, 6, 7, 8, 9], [1, 6, 7, 8, 5]]
    >>> families(tasks, passes=1)
    [[0, 1], [2, 3]]
    >>> families(tasks, passes=100)
    [[0, 1, 2, 3]]

    :param prompts: token ids, of each at least one.
    :param passes: what a further family costs, in tokens.
    :return: the numbers of the prompts in each family, all in order.
    """

    @cache
    def branch(members: Members) -> tuple[int, list[Members]]:
        """How long the members go together, and who goes on together from there."""
        cut = shared_prefix([prompts[member] for member in members])
        ended = [(member,) for member in members if len(prompts[member]) == cut + 1]
        groups: dict[int, list[int]] = {}
        for member in members:
            if len(prompts[member]) > cut + 1:
                groups.setdefault(prompts[member][cut], []).append(member)
        return cut, ended + [tuple(group) for group in groups.values()]

    @cache
    def cheapest(members: Members, above: int | None) -> tuple[int, Members, list[Members]]:
        """The least cost of some prompts, who joins the family above, which shares so many tokens, and own families."""
        if len(members) == 1:
            length = len(prompts[members[0]])
            return (passes + length, (), [members]) if above is None else (length - above, members, [])
        cut, groups = branch(members)
        apart = _together([cheapest(group, above) for group in groups])
        cost, family, others = _together([cheapest(group, cut) for group in groups])
        return min(apart, (passes + cut + cost, (), [*others, family]), key=lambda found: found[0])

    found = cheapest(tuple(range(len(prompts))), None)[2]
    return sorted(sorted(family) for family in found)


def _together(parts: Sequence[tuple[int, Members, list[Members]]]) -> tuple[int, Members, list[Members]]:
    return (
        sum(cost for cost, _, _ in parts),
        tuple(member for _, own, _ in parts for member in own),
        [family for _, _, found in parts for family in found],
    )
