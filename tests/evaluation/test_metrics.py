"""Metrics against ranx, and against ranx averaged over every order of tied items."""

import itertools

import numpy as np
import pytest
import ranx
from hypothesis import given, settings
from hypothesis import strategies as st

from grape_rewrite.evaluation import METRICS, ndcg, query_metrics, recall, reciprocal_rank


def random_judgements(rng, queries, items):
    positives = [np.sort(rng.choice(items, rng.integers(1, min(items, 12) + 1), replace=False)) for _ in range(queries)]
    return positives, [rng.integers(1, 5, len(rows)) for rows in positives]


def by_ranx(scores, positives, gains, metrics):
    qrels = {
        f"q{row:03}": {f"d{item}": int(gain) for item, gain in zip(positives[row], gains[row], strict=True)}
        for row in range(len(scores))
    }
    run = {
        f"q{row:03}": {f"d{item}": float(score) for item, score in enumerate(scores[row])} for row in range(len(scores))
    }
    return ranx.evaluate(ranx.Qrels(qrels), ranx.Run(run), list(metrics), return_mean=False)


@pytest.mark.parametrize("seed", range(8))
def test_equal_to_ranx_on_random_runs(seed):
    rng = np.random.default_rng(seed)
    items = int(rng.integers(2, 80))
    # A permutation has no ties: there ranx's order is the only one.
    scores = rng.permuted(np.tile(np.arange(items) / items, (40, 1)), axis=1).astype(np.float32)
    positives, gains = random_judgements(rng, 40, items)
    theirs = by_ranx(scores, positives, gains, METRICS)
    ours = query_metrics(scores, positives, gains)
    assert tuple(ours) == METRICS
    for name in METRICS:
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-9, rtol=0, err_msg=name)


def test_binary_ndcg_is_graded_ndcg_with_equal_gains():
    rng = np.random.default_rng(0)
    scores = rng.random((20, 30))
    positives, _ = random_judgements(rng, 20, 30)
    ones = [np.ones(len(rows), dtype=int) for rows in positives]
    np.testing.assert_array_equal(ndcg(scores, positives, 10), ndcg(scores, positives, 10, ones))
    theirs = by_ranx(scores, positives, ones, ["ndcg@10", "mrr"])["ndcg@10"]
    np.testing.assert_allclose(ndcg(scores, positives, 10), theirs, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(
    values=st.lists(st.integers(0, 2), min_size=3, max_size=5),
    relevant=st.sets(st.integers(0, 2), min_size=1, max_size=2),
    k=st.integers(1, 4),
    seed=st.integers(0, 100),
)
def test_ties_are_averaged_over_all_their_orders(values, relevant, k, seed):
    positives = np.array(sorted(relevant))
    gains = np.random.default_rng(seed).integers(1, 4, len(positives))
    scores = np.array([values], dtype=float)
    # Breaking the ties by each permutation in turn, all equally likely.
    broken = np.array([scores[0] + np.array(order) / 100 for order in itertools.permutations(range(len(values)))])
    n = len(broken)
    for ours, theirs in (
        (recall(scores, [positives], k), recall(broken, [positives] * n, k)),
        (ndcg(scores, [positives], k, [gains]), ndcg(broken, [positives] * n, k, [gains] * n)),
    ):
        assert ours[0] == pytest.approx(theirs.mean(), abs=1e-12)


def test_a_tie_counts_one_half_in_the_reciprocal_rank():
    scores = np.array([[0.9, 0.5, 0.5, 0.1], [0.5, 0.5, 0.5, 0.5]])
    assert reciprocal_rank(scores, [np.array([1]), np.array([0])]).tolist() == [1 / 2.5, 1 / 2.5]


def test_a_collapsed_retriever_gains_nothing_by_the_order_of_the_corpus():
    scores = np.zeros((10, 10))
    each = [np.array([item]) for item in range(10)]
    assert recall(scores, each, 1).tolist() == [0.1] * 10
    assert len(set(ndcg(scores, each, 10))) == 1


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), levels=st.integers(1, 30))
def test_no_metric_depends_on_the_order_of_the_corpus(seed, levels):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, levels, (3, 15)).astype(float)
    positives, gains = random_judgements(rng, 3, 15)
    order = rng.permutation(15)
    place = np.argsort(order)
    before = query_metrics(scores, positives, gains)
    after = query_metrics(scores[:, order], [place[rows] for rows in positives], gains)
    for name in METRICS:
        np.testing.assert_allclose(before[name], after[name], atol=1e-12)
        assert (before[name] >= 0).all()
        assert (before[name] <= 1 + 1e-12).all()


@pytest.mark.parametrize("metric", [recall, ndcg])
def test_refuses_what_has_no_answer(metric):
    scores = np.zeros((2, 3))
    with pytest.raises(ValueError, match="k is 0"):
        metric(scores, [np.array([0])] * 2, 0)
    with pytest.raises(ValueError, match="2 rows of scores but 1"):
        metric(scores, [np.array([0])], 1)
    with pytest.raises(ValueError, match="row 1 has no positive"):
        metric(scores, [np.array([0]), np.array([], dtype=int)], 1)
