"""Score levels, inflation, hubness and drift on hand-worked cases, against scipy, and by their invariants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from grape_rewrite.evaluation.inflation import centroid_cosines, hubness, inflation, score_levels


def test_levels_by_hand():
    scores = np.array([[0.9, 0.5, 0.3, 0.1, 0.7]])
    levels = score_levels(scores, [np.array([1, 4])], hard=2)
    assert levels.positive[0] == 0.7
    assert levels.irrelevant[0] == pytest.approx((0.9 + 0.3 + 0.1) / 3)
    assert levels.hard[0] == pytest.approx((0.9 + 0.3) / 2)


def test_what_cannot_be_found_is_no_competitor():
    found, gone = np.array([[0.9, 0.5, 0.3]]), np.array([[0.9, 0.5, 0.3, -1.0]])
    assert score_levels(gone, [np.array([1])]) == score_levels(found, [np.array([1])])
    with pytest.raises(ValueError, match="hard is 0; at least 1 item is"):
        score_levels(found, [np.array([1])], hard=0)


def test_inflation_by_hand():
    positives = [np.array([0]), np.array([0])]
    before = score_levels(np.array([[0.2, 0.1, 0.3], [0.4, 0.0, 0.2]]), positives, hard=1)
    after = score_levels(np.array([[0.5, 0.2, 0.4], [0.5, 0.4, 0.0]]), positives, hard=1)
    found = inflation(after, before)
    assert found.d_pos == pytest.approx((0.3 + 0.1) / 2)
    assert found.d_neg == pytest.approx((0.1 + 0.1) / 2)
    assert found.d_hard == pytest.approx((0.1 + 0.2) / 2)
    assert found.margin == pytest.approx(0.05)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), shift=st.floats(-1, 1), queries=st.integers(1, 6), items=st.integers(1, 40))
def test_a_constant_added_to_all_scores_inflates_without_margin(seed, shift, queries, items):
    rng = np.random.default_rng(seed)
    scores = rng.random((queries, items))
    positives = [rng.choice(items, rng.integers(1, items + 1), replace=False) for _ in range(queries)]
    before = score_levels(scores, positives)
    assert inflation(before, before) == (0, 0, 0, 0)
    assert inflation(score_levels(scores + shift, positives), before) == pytest.approx((shift, shift, shift, 0))


def test_fewer_irrelevant_items_than_hard_ones():
    levels = score_levels(np.array([[0.9, 0.5, 0.1]]), [np.array([0])])
    assert levels.hard[0] == levels.irrelevant[0] == pytest.approx(0.3)


@pytest.mark.parametrize("seed", range(5))
def test_hubness_is_the_skewness_of_occurrence(seed):
    rng = np.random.default_rng(seed)
    top = np.array([rng.choice(50, 10, replace=False, p=np.arange(1, 51) / 1275) for _ in range(80)])
    counts = np.bincount(top.ravel(), minlength=50)
    assert hubness(top, 50) == pytest.approx(stats.skew(counts))


def test_hubness_rises_with_a_hub_and_is_zero_without_one():
    even = np.arange(40).reshape(4, 10)
    assert hubness(even, 40) == 0
    crowded = even.copy()
    crowded[:, 0] = 0
    assert hubness(crowded, 40) > 1


def test_centroid_cosines():
    corpus = np.array([[1.0, 0.0], [0.0, 1.0]])
    texts = np.array([[1.0, 1.0] / np.sqrt(2), [1.0, 0.0], [-1.0, 0.0]])
    assert centroid_cosines(texts, corpus) == pytest.approx(np.array([1, np.sqrt(0.5), -np.sqrt(0.5)]))
    assert centroid_cosines(texts, np.array([[1.0, 0.0], [-1.0, 0.0]])).tolist() == [0, 0, 0]
