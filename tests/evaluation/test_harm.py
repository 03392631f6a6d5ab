"""Harm by hand and by its bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.evaluation.harm import harm

ranks = st.integers(2, 2000).map(lambda halves: halves / 2)


def test_by_hand():
    found = harm(np.array([1.0, 4.0, 3.0, 2.5]), np.array([2.0, 1.0, 3.0, 2.0]))
    assert found.share == 0.5
    assert found.loss == pytest.approx((0.75 + 0.1) / 2)


@given(st.lists(st.tuples(ranks, ranks), min_size=1, max_size=30))
def test_bounds_and_symmetry(pairs):
    new, old = np.array(pairs).T
    found, back = harm(new, old), harm(old, new)
    assert found.share + back.share == pytest.approx(np.mean(new != old))
    assert 0 <= found.loss < 1
    # Mean reciprocal rank changes by what is won less what is lost.
    change = np.mean(1 / new - 1 / old)
    assert back.share * back.loss - found.share * found.loss == pytest.approx(change, abs=1e-12)


def test_nothing_worse():
    assert harm(np.array([1.0, 2.0]), np.array([1.0, 5.0])) == (0, 0)
