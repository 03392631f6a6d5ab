"""Which queries a run trains on."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from grape_rewrite.training.queries import draw_queries


@st.composite
def draws(draw: st.DrawFn) -> tuple[np.ndarray, int, int, int]:
    weights = np.array(draw(st.lists(st.floats(1e-9, 10), min_size=1, max_size=30)))
    batch = draw(st.integers(1, len(weights)))
    return weights, draw(st.integers(0, 100)), batch, draw(st.integers(0, 10))


@given(draws())
def test_numbers_of_queries_none_twice_in_a_batch(arguments: tuple[np.ndarray, int, int, int]) -> None:
    weights, count, batch, _ = arguments
    drawn = draw_queries(*arguments)
    assert len(drawn) == count
    assert all(0 <= query < len(weights) for query in drawn)
    for start in range(0, count, batch):
        step = drawn[start : start + batch].tolist()
        assert len(set(step)) == len(step)


@given(draws())
def test_depends_on_the_arguments_alone(arguments: tuple[np.ndarray, int, int, int]) -> None:
    np.random.seed(1)
    first = draw_queries(*arguments)
    np.random.seed(2)
    assert (draw_queries(*arguments) == first).all()


@given(draws())
def test_a_longer_run_begins_as_a_shorter_one(arguments: tuple[np.ndarray, int, int, int]) -> None:
    weights, count, batch, seed = arguments
    assert (draw_queries(weights, count + batch, batch, seed)[:count] == draw_queries(*arguments)).all()


@given(draws())
def test_all_queries_before_any_again(arguments: tuple[np.ndarray, int, int, int]) -> None:
    weights, _, batch, seed = arguments
    rounds = len(weights) // batch
    drawn = draw_queries(weights, rounds * batch, batch, seed)
    assert len(set(drawn.tolist())) == rounds * batch


def test_weights_are_probabilities() -> None:
    """The first query of a run, over many seeds."""
    weights = np.array([0.2, 1.0, 1.0, 0.2, 2.0])
    first = Counter(int(draw_queries(weights, 1, 1, seed)[0]) for seed in range(3000))
    for query, weight in enumerate(weights):
        assert binomtest(first[query], 3000, weight / weights.sum()).pvalue > 1e-3


def test_a_batch_larger_than_all() -> None:
    with pytest.raises(ValueError, match="3 queries cannot be drawn from 2"):
        draw_queries(np.ones(2), 3, 3, 0)
