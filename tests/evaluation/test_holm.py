"""Holm's adjustment, against the closed test that it is a shortcut of."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.evaluation.holm import holm


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_it_is_the_closed_test_with_bonferroni(p: list[float]) -> None:
    """A hypothesis is rejected when every intersection that holds it is, each by Bonferroni (Marcus et al., 1976)."""
    numbers = range(len(p))
    sets = [chosen for size in range(1, len(p) + 1) for chosen in combinations(numbers, size)]
    expected = [
        max(min(1, len(chosen) * min(p[i] for i in chosen)) for chosen in sets if number in chosen)
        for number in numbers
    ]
    assert holm(p) == pytest.approx(expected)


@given(st.lists(st.floats(0, 1), max_size=10))
def test_adjusted_is_no_smaller_and_in_the_same_order(p: list[float]) -> None:
    found = holm(p)
    assert (found >= np.array(p)).all()
    assert (found <= 1).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(found[order]) >= 0).all()


@pytest.mark.parametrize("p", [[0.1, 1.5], [-0.1], [float("nan")]])
def test_what_is_no_probability(p: list[float]) -> None:
    with pytest.raises(ValueError, match="no p-values"):
        holm(p)
