"""How much the rewrites of a group differ."""

import hypothesis.strategies as some
import pytest
from hypothesis import given

from grape_rewrite.training.groups import share_distinct, share_without_variance


@given(some.lists(some.integers(0, 3), min_size=1, max_size=8), some.integers(1, 3))
def test_the_share_of_each_group_counts_alike(said: list[int], other: int) -> None:
    alone = share_distinct(["a"] * len(said), [str(word) for word in said])
    assert alone == len(set(said)) / len(said)
    both = share_distinct(["a"] * len(said) + ["b"] * other, [str(word) for word in said] + ["same"] * other)
    assert both == pytest.approx((alone + 1 / other) / 2)


@given(some.lists(some.lists(some.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=5), min_size=1, max_size=5))
def test_groups_without_variance_are_counted_whatever_the_order(groups: list[list[float]]) -> None:
    rows = [
        ([{"role": "user", "content": str(number)}], value) for number, group in enumerate(groups) for value in group
    ]
    expected = sum(min(group) == max(group) for group in groups) / len(groups)
    for order in (rows, rows[::-1]):
        prompts, values = zip(*order, strict=True)
        assert share_without_variance(prompts, values) == expected
