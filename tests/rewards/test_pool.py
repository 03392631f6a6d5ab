"""Pools: the expected rank against one is the rank against the whole corpus."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grape_rewrite.rewards import best_positive_rank, draw_pool


class Chosen(np.random.Generator):
    """A source of chance that draws what it is told to."""

    def __init__(self, places: tuple[int, ...]) -> None:
        super().__init__(np.random.PCG64(0))
        self.places = places

    def choice(self, items, size, replace):  # type: ignore[override]
        assert len(self.places) == size
        assert not replace
        return items[list(self.places)]


@st.composite
def corpora(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores with many ties, positives and hard items, which may overlap."""
    scores = draw(hnp.arrays(np.float32, st.integers(3, 9), elements=st.integers(-2, 2)))
    rows = st.integers(0, len(scores) - 1)
    positives = draw(st.sets(rows, min_size=1, max_size=2))
    hard = draw(st.sets(rows, max_size=3))
    return scores, np.array(sorted(positives)), np.array(sorted(hard), dtype=np.int64)


@given(corpora(), st.integers(1, 4))
def test_the_mean_over_all_draws_is_the_rank_in_the_corpus(case, uniform: int) -> None:
    scores, positives, hard = case
    others = len(np.setdiff1d(np.arange(len(scores)), np.union1d(positives, hard)))
    ranks = []
    for places in combinations(range(others), min(uniform, others)):
        pool = draw_pool(positives, hard, uniform, len(scores), Chosen(places))
        [rank] = best_positive_rank([scores[pool.rows]], [np.arange(len(positives))], [pool.weights])
        ranks.append(rank)
    [expected] = best_positive_rank([scores], [positives])
    assert np.mean(ranks) == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_the_estimate_is_unbiased_on_a_larger_corpus(seed: int) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.normal(size=500)
    [expected] = best_positive_rank([scores], [np.array([7])])
    hard = np.argsort(-scores)[:20]
    found = []
    for _ in range(400):
        pool = draw_pool(np.array([7]), hard, 60, 500, generator)
        found.append(best_positive_rank([scores[pool.rows]], [np.array([0])], [pool.weights])[0])
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - expected) <= 5 * error + 1e-9  # five standard errors


@given(corpora(), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_what_a_pool_holds(case, uniform: int, seed: int) -> None:
    scores, positives, hard = case
    pool = draw_pool(positives, hard, uniform, len(scores), np.random.default_rng(seed))
    assert pool.rows[: len(positives)].tolist() == positives.tolist()
    assert len(set(pool.rows.tolist())) == len(pool.rows) == len(pool.weights)
    assert set(hard.tolist()) <= set(pool.rows.tolist())
    assert pool.weights.sum() == pytest.approx(len(scores))  # it stands for every item
    again = draw_pool(positives, hard, uniform, len(scores), np.random.default_rng(seed))
    assert again.rows.tolist() == pool.rows.tolist()


def test_hard_items_alone_cannot_stand_for_the_corpus() -> None:
    with pytest.raises(ValueError, match="0 of 3 other items"):
        draw_pool(np.array([0]), np.array([1]), 0, 5, np.random.default_rng(0))
