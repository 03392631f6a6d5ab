"""Families of prompts: a partition, and of all partitions the cheapest."""

from collections.abc import Iterator, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from grape_rewrite.rewriting.prefixes import families, shared_prefix

Prompts = Sequence[Sequence[int]]


def cost(prompts: Prompts, parts: list[list[int]], passes: int) -> int:
    total = 0
    for part in parts:
        cut = shared_prefix([prompts[number] for number in part])
        total += passes + cut + sum(len(prompts[number]) - cut for number in part)
    return total


def partitions(items: list[int]) -> Iterator[list[list[int]]]:
    """All ways to part some items."""
    if not items:
        yield []
        return
    first, *others = items
    for parts in partitions(others):
        yield [[first], *parts]
        for number, part in enumerate(parts):
            yield [*parts[:number], [first, *part], *parts[number + 1 :]]


@st.composite
def several(draw: st.DrawFn, largest: int) -> list[list[int]]:
    """Prompts that begin with one of a few stems, some of which share a beginning; some are another's beginning."""
    tokens = st.lists(st.integers(0, 1), max_size=6)
    stems = draw(st.lists(tokens, min_size=1, max_size=3))
    rests = draw(st.lists(st.tuples(st.sampled_from(stems), tokens), min_size=1, max_size=largest))
    return [[*stem, *rest, 0] for stem, rest in rests]


@settings(max_examples=500, deadline=None)
@given(several(largest=6), st.integers(1, 6))
def test_no_partition_is_cheaper(prompts: Prompts, passes: int) -> None:
    found = families(prompts, passes)
    assert sorted(number for family in found for number in family) == list(range(len(prompts)))
    least = min(cost(prompts, parts, passes) for parts in partitions(list(range(len(prompts)))))
    assert cost(prompts, found, passes) == least


@given(several(largest=20))
def test_one_family_where_passes_cost_more_than_all_tokens(prompts: Prompts) -> None:
    assert families(prompts, passes=1000) == [list(range(len(prompts)))]


def test_prompts_of_three_tasks_come_apart_and_odd_ones_stay_together() -> None:
    instructions = [[task, *range(100, 400)] for task in (1, 2, 3)]
    prompts = [[*instructions[number % 3], 500 + number] for number in range(12)]
    prompts += [[7, 8], [9, 10]]
    assert families(prompts) == [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11], [12, 13]]
