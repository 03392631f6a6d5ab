"""Intervals and tests against scipy, and what clusters change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from grape_rewrite.evaluation import (
    bootstrap_interval,
    estimate_over_runs,
    interval_over_runs,
    randomisation_test,
    randomisation_tests,
)
from grape_rewrite.evaluation.holm import holm
from grape_rewrite.evaluation.significance import pigeonhole_estimate, pigeonhole_interval


def scipy_p(sums, resamples):
    found = stats.permutation_test(
        (sums,),
        lambda x, axis: np.sum(x, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=resamples,
        rng=np.random.default_rng(1),
    )
    return found.pvalue


@pytest.mark.parametrize("name", ["normal", "binary", "differences"])
def test_interval_agrees_with_scipy(name):
    rng = np.random.default_rng(1)
    values = {
        "normal": rng.normal(3, 2, 120),
        "binary": (rng.random(200) < 0.1).astype(float),
        "differences": rng.integers(-1, 2, 300).astype(float),
    }[name]
    theirs = stats.bootstrap((values,), np.mean, n_resamples=40_000, method="percentile", rng=2).confidence_interval
    ours = bootstrap_interval(values, np.random.default_rng(3), resamples=40_000)
    assert ours.mean == pytest.approx(values.mean())
    # An end is a quantile of 40,000 draws: its own error is about 1.5 % of the standard error of the mean.
    error = 0.06 * values.std() / np.sqrt(len(values))
    assert ours.low == pytest.approx(theirs.low, abs=max(error, 1 / len(values)))
    assert ours.high == pytest.approx(theirs.high, abs=max(error, 1 / len(values)))


def test_interval_of_equal_clusters_is_that_of_their_means():
    rng = np.random.default_rng(0)
    values = np.repeat(rng.normal(size=30), 4) + rng.normal(scale=0.1, size=120)
    clusters = np.repeat(np.arange(30), 4)
    means = values.reshape(30, 4).mean(axis=1)
    clustered = bootstrap_interval(values, np.random.default_rng(7), clusters)
    assert clustered == pytest.approx(bootstrap_interval(means, np.random.default_rng(7)))
    single = bootstrap_interval(values, np.random.default_rng(7))
    # Four near copies of each value are worth one: the interval is twice as wide.
    assert clustered.high - clustered.low == pytest.approx(2 * (single.high - single.low), rel=0.1)


def test_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        effects = np.repeat(rng.normal(size=60), 3)
        found = bootstrap_interval(effects + rng.normal(size=180), rng, np.repeat(np.arange(60), 3), resamples=400)
        covered += found.low <= 0 <= found.high
    assert 0.90 <= covered / 400 <= 0.98


@pytest.mark.parametrize(("runs", "spread"), [(3, 0.0), (3, 2.0), (5, 2.0)])
def test_interval_over_runs_covers_the_truth_as_often_as_it_says(runs: int, spread: float) -> None:
    """`spread` is what runs vary by, in standard errors of the items; resampling three runs would cover 0.88 of 2."""
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(60), [1, 2, 3] * 20)
    covered = 0
    for _ in range(1000):
        items = rng.normal(size=60)
        values = items[clusters] + rng.normal(size=(runs, 120)) + spread / 60**0.5 * rng.normal(size=(runs, 1))
        found = interval_over_runs(values, rng, clusters)
        covered += found.low <= 0 <= found.high
    assert 0.91 <= covered / 1000 <= 0.98


def test_interval_over_runs_that_alone_differ_is_that_of_student() -> None:
    means = np.array([0.3, 0.5, 0.1, 0.2])
    theirs = stats.t.interval(0.95, 3, means.mean(), stats.sem(means))
    found = interval_over_runs(np.repeat(means[:, None], 50, axis=1), np.random.default_rng(0))
    assert (found.low, found.high) == pytest.approx(theirs)


def test_a_test_over_runs_that_alone_differ_is_that_of_student() -> None:
    means = np.array([0.3, 0.5, 0.1, 0.2])
    found = estimate_over_runs(np.repeat(means[:, None], 50, axis=1))
    assert found.p == pytest.approx(stats.ttest_1samp(means, 0).pvalue)
    assert estimate_over_runs(np.ones((3, 4))).p == 0  # no chance in it
    assert estimate_over_runs(np.zeros((3, 4))).p == 1


@settings(deadline=None)
@given(st.integers(2, 6), st.floats(0.0, 3.0), st.integers(0, 2**32 - 1))
def test_a_test_over_runs_agrees_with_its_interval(runs: int, spread: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(0.2, 1, size=(runs, 60)) + spread * rng.normal(size=(runs, 1))
    found = estimate_over_runs(values)
    low, high = found.interval()[1:]
    assert (found.p < 0.05) == (not low <= 0 <= high)
    assert low == pytest.approx(interval_over_runs(values, rng).low)


@settings(deadline=None)
@given(st.integers(2, 6), st.floats(0.0, 3.0), st.integers(0, 2**32 - 1))
def test_chance_of_runs_never_makes_an_interval_narrower(runs: int, spread: float, seed: int) -> None:
    """Few runs may happen to differ less than chance alone makes them: that is no evidence."""
    rng = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(40), 3)
    values = rng.normal(size=40)[clusters] + rng.normal(size=(runs, 120)) + spread * rng.normal(size=(runs, 1))
    found = interval_over_runs(values, rng, clusters)
    items = stats.norm.interval(0.95, values.mean(), stats.sem(values.mean(axis=0).reshape(40, 3).mean(axis=1)))
    assert found.high - found.low >= items[1] - items[0] - 1e-12


def test_a_single_run_tells_nothing_of_others() -> None:
    with pytest.raises(ValueError, match="1 run; how runs differ needs at least two"):
        estimate_over_runs(np.ones((1, 4)))


def test_interval_over_equal_runs_is_that_of_their_clusters() -> None:
    """Clusters of one size: the interval of their means; of several: the bootstrap's, a ratio as well."""
    rng = np.random.default_rng(2)
    means = rng.normal(size=400)
    run = np.repeat(means, 3)
    found = interval_over_runs(np.stack([run, run]), rng, np.repeat(np.arange(400), 3))
    assert (found.low, found.high) == pytest.approx(stats.norm.interval(0.95, means.mean(), stats.sem(means)))
    clusters = np.repeat(np.arange(400), [1, 7] * 200)
    run = means[clusters] + rng.normal(size=len(clusters))
    ours = interval_over_runs(np.stack([run, run, run]), rng, clusters)
    assert ours == pytest.approx(bootstrap_interval(run, rng, clusters, resamples=40_000), abs=0.01)


def test_interval_over_runs_on_their_own_is_that_of_all_their_values() -> None:
    """Where runs and items add nothing, each value is evidence of its own."""
    rng = np.random.default_rng(4)
    values = rng.normal(size=(200, 200))
    found = interval_over_runs(values, rng)
    assert found.high - found.low == pytest.approx(2 * 1.96 / 200, rel=0.15)


def test_interval_over_runs_of_one_cluster_and_of_one_run() -> None:
    rng = np.random.default_rng(0)
    values = np.array([[0.0, 1.0], [2.0, 3.0]])
    theirs = stats.t.interval(0.95, 1, 1.5, stats.sem([0.5, 2.5]))
    found = interval_over_runs(values, rng, np.array([7, 7]))
    assert (found.low, found.high) == pytest.approx(theirs)
    alone = interval_over_runs(values[:1], np.random.default_rng(0))
    assert alone == bootstrap_interval(values[0], np.random.default_rng(0))


def test_pigeonhole_interval_covers_what_shared_parts_do() -> None:
    """Effects of the parts, not of the queries: an interval over whole items is too narrow, this one is not."""
    rng = np.random.default_rng(0)
    pairs = np.array([(one, other) for one in range(40) for other in range(one + 1, min(one + 6, 40))])
    covered = {"parts": 0, "items": 0}
    for _ in range(200):
        values = rng.normal(size=40)[pairs].sum(axis=1) + rng.normal(size=len(pairs))
        found = {
            "parts": pigeonhole_interval(values, pairs, rng, resamples=400),
            "items": bootstrap_interval(values, rng, resamples=400),
        }
        for name, interval in found.items():
            assert interval.mean == pytest.approx(values.mean())
            covered[name] += interval.low <= 0 <= interval.high
    assert covered["items"] < 0.85 * 200
    assert covered["parts"] >= 0.9 * 200


def test_pigeonhole_interval_of_one_part_each_is_that_over_clusters() -> None:
    rng = np.random.default_rng(1)
    clusters = np.repeat(np.arange(60), [1, 2, 3] * 20)
    values = rng.normal(size=(3, len(clusters))) + rng.normal(size=60)[clusters]
    for runs, whole in (
        (values, interval_over_runs(values, rng, clusters)),
        (values[0], bootstrap_interval(values[0], rng, clusters)),
    ):
        parts = pigeonhole_interval(runs, clusters[:, None], rng)
        assert parts == pytest.approx(whole, abs=0.05 * (whole.high - whole.low))
    with pytest.raises(ValueError, match="a row for each value"):
        pigeonhole_interval(values, clusters[:3, None], rng)


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_a_test_over_parts_agrees_with_its_interval_and_rejects_as_seldom_as_it_says(shift: float) -> None:
    rng = np.random.default_rng(2)
    pairs = np.array([(one, other) for one in range(30) for other in range(one + 1, min(one + 4, 30))])
    rejected = 0
    for draw in range(200):
        shared = 0.3 * rng.normal(size=30)[pairs].sum(axis=1)
        values = shift + shared + 0.3 * rng.normal(size=(3, len(pairs))) + 0.02 * rng.normal(size=(3, 1))
        found = pigeonhole_estimate(values, pairs, np.random.default_rng(draw), resamples=300)
        interval = pigeonhole_interval(values, pairs, np.random.default_rng(draw), resamples=300)
        assert (found.p < 0.05) == (not interval.low <= 0 <= interval.high)
        rejected += found.p < 0.05
    assert rejected <= 0.07 * 200 if shift == 0 else rejected > 0.5 * 200
    with pytest.raises(ValueError, match="1 run; how runs differ needs at least two"):
        pigeonhole_estimate(values[:1], pairs, rng)


def test_interval_is_reproducible_and_wider_at_a_higher_level():
    values = np.random.default_rng(0).random(50)
    first, second = (bootstrap_interval(values, np.random.default_rng(5)) for _ in range(2))
    assert first == second
    assert bootstrap_interval(values, np.random.default_rng(5), level=0.99).low < first.low


def test_parts_change_nothing(monkeypatch):
    values = np.random.default_rng(0).normal(size=40)
    whole = bootstrap_interval(values, np.random.default_rng(5), resamples=500)
    p = randomisation_test(values + 0.2, np.random.default_rng(5))
    monkeypatch.setattr("grape_rewrite.evaluation.significance.CELLS", 1000)
    assert bootstrap_interval(values, np.random.default_rng(5), resamples=500) == whole
    assert randomisation_test(values + 0.2, np.random.default_rng(5)) == pytest.approx(p, abs=0.02)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=2, max_size=9))
def test_exact_p_equals_scipy(differences):
    sums = np.array(differences) / 4  # halves and quarters add up without rounding
    assert randomisation_test(sums, np.random.default_rng(0)) == pytest.approx(scipy_p(sums, 9_999), abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=3, max_size=8))
def test_sums_that_differ_by_rounding_are_level(whole):
    differences = np.array(whole)
    # Tenths add up to slightly different sums in another order; whole numbers do not.
    rng = np.random.default_rng(0)
    assert randomisation_test(differences / 10, rng) == randomisation_test(differences, rng)


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.25])
def test_sampled_p_agrees_with_scipy(shift):
    differences = np.random.default_rng(4).normal(shift, 1, 100)
    ours = randomisation_test(differences, np.random.default_rng(0), resamples=40_000)
    assert ours == pytest.approx(scipy_p(differences, 40_000), abs=0.012)


def test_sampled_p_is_never_zero():
    assert randomisation_test(np.ones(100), np.random.default_rng(0), resamples=999) == 1 / 1000


def test_p_of_clusters_is_that_of_their_sums():
    rng = np.random.default_rng(0)
    differences = rng.normal(0.3, 1, 24)
    clusters = rng.integers(0, 8, 24)
    sums = np.array([differences[clusters == label].sum() for label in np.unique(clusters)])
    assert randomisation_test(differences, rng, clusters) == pytest.approx(scipy_p(sums, 9_999), abs=1e-12)


@pytest.mark.parametrize("size", [12, 60])
def test_several_comparisons_are_tested_as_each_alone(size):
    rng = np.random.default_rng(1)
    clusters = rng.integers(0, size, 3 * size)
    differences = rng.normal(0.1, 1, (5, 3 * size))
    together = randomisation_tests(list(differences), np.random.default_rng(0), clusters)
    alone = [randomisation_test(one, np.random.default_rng(0), clusters) for one in differences]
    assert together == pytest.approx(alone, abs=1e-12)
    assert len(randomisation_tests([], rng)) == 0


def test_p_reaches_far_enough_for_a_hundred_comparisons():
    rng = np.random.default_rng(0)
    assert holm([randomisation_test(rng.normal(1, 1, 100), rng)] * 100).max() < 0.01


def test_copies_of_a_query_are_no_further_evidence():
    differences = np.array([1.0, 1.0, 1.0, -0.5])
    copies = np.repeat(differences, 5)
    alone = randomisation_test(differences, np.random.default_rng(0))
    assert randomisation_test(copies, np.random.default_rng(0), np.repeat(np.arange(4), 5)) == alone
    assert randomisation_test(copies, np.random.default_rng(0)) < alone


@pytest.mark.parametrize("clusters", [None, np.repeat(np.arange(40), 2)])
def test_p_is_uniform_where_there_is_no_difference(clusters):
    rng = np.random.default_rng(0)
    p = [randomisation_test(rng.normal(size=80), rng, clusters, resamples=199) for _ in range(400)]
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_no_difference_at_all():
    assert randomisation_test(np.zeros(50), np.random.default_rng(0)) == 1
    assert bootstrap_interval(np.zeros(50), np.random.default_rng(0)) == (0, 0, 0)


@pytest.mark.parametrize("method", [bootstrap_interval, randomisation_test])
def test_refuses_what_has_no_answer(method):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least one query"):
        method(np.array([]), rng)
    with pytest.raises(ValueError, match="3 values but 2 cluster labels"):
        method(np.zeros(3), rng, np.zeros(2, dtype=int))
