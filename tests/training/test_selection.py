"""What a step learns from: checked against trying every choice."""

from itertools import combinations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.training.selection import best_of_group, extremes, varied_groups


@given(st.lists(st.floats(-3, 3, width=32), min_size=6, max_size=6), st.integers(2, 6))
def test_extremes_are_the_subset_of_the_largest_variance(values: list[float], count: int) -> None:
    advantages = torch.tensor(values)
    found = extremes(advantages, 6, count)
    subsets = [advantages[list(rows)] for rows in combinations(range(6), count)]
    largest = max(float(subset.var(correction=0)) for subset in subsets)
    # What is kept is centred and scaled by 6 / count.
    variance = float(found.square().sum()) / count / (6 / count) ** 2
    assert variance == pytest.approx(largest, rel=1e-4, abs=1e-5)
    assert float(found.sum()) == pytest.approx(0, abs=1e-4)
    assert int((found != 0).sum()) <= count


def test_extremes_keep_each_sample_in_its_place() -> None:
    advantages = torch.tensor([0.1, -0.9, 0.9, -0.1, 0.0, 1.0, 0.0, 0.0])
    found = extremes(advantages, 4, 2)
    torch.testing.assert_close(found[:4], torch.tensor([0.0, -1.8, 1.8, 0.0]))
    # One of three equal samples stands for them: which one does not matter.
    assert float(found[5]) == 1.0
    assert sorted(found[4:].tolist()) == [-1.0, 0.0, 0.0, 1.0]


def test_all_kept_is_the_same_but_for_its_centre() -> None:
    advantages = torch.randn(24, generator=torch.Generator().manual_seed(0)).view(4, 6)
    advantages -= advantages.mean(dim=1, keepdim=True)
    torch.testing.assert_close(extremes(advantages.flatten(), 6, 6), advantages.flatten())


def test_groups_without_variance_go_first() -> None:
    advantages = torch.tensor([0.0, 0.0, 0.2, -0.2, 0.0, 0.0, -0.5, 0.5])
    torch.testing.assert_close(
        varied_groups(advantages, 2, 2), torch.tensor([0.0, 0.0, 0.4, -0.4, 0.0, 0.0, -1.0, 1.0])
    )
    torch.testing.assert_close(varied_groups(advantages, 2, 4), advantages)


def test_the_best_of_a_group_with_ties() -> None:
    weights = best_of_group(torch.tensor([0.1, 0.5, 0.5, -1.0, 0.3, 0.3, 0.3, 0.3]), 4)
    torch.testing.assert_close(weights, torch.tensor([0.0, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0]))


@pytest.mark.parametrize(("group", "keep"), [(12, 6), (10, 5), (8, 3), (6, 3), (8, 4)])
def test_a_group_of_equals_has_no_best_whatever_rounding_makes_of_them(group: int, keep: int) -> None:
    rewards = torch.rand(200, generator=torch.Generator().manual_seed(0))[:, None].expand(-1, group)
    advantages = (rewards - rewards.mean()) / rewards.std()
    kept = extremes(advantages.flatten(), group, keep)
    assert not best_of_group(kept, group).any()
