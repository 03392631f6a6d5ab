"""How sure a mean, or a difference of means, is: bootstrap intervals and paired randomisation tests.

Queries that share an answer (one picture's names in many languages) rise and fall together. Given their cluster labels
both methods draw whole clusters, so that such queries do not pass for independent evidence.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

Floats = npt.NDArray[np.floating]
Labels = npt.NDArray[np.integer]

# Resampled cells held in memory at once: 4 million doubles are 32 MiB.
CELLS = 4_000_000

# Sign patterns of a randomisation test: p reaches down to 1e-5, so that what is left after Holm's correction over a
# hundred comparisons still says something.
RESAMPLES = 99_999


class Interval(NamedTuple):
    """A mean and the ends of its confidence interval, in the unit of the values."""

    mean: float
    low: float
    high: float


class Estimate(NamedTuple):
    """A mean over runs and queries, its standard error and the degrees of freedom that this is known with."""

    mean: float
    error: float
    freedom: float

    def interval(self, level: float = 0.95) -> Interval:
        """Return Student's interval."""
        half = float(stdtrit(self.freedom, (1 + level) / 2)) * self.error
        return Interval(self.mean, self.mean - half, self.mean + half)

    @property
    def p(self) -> float:
        """The two-sided p-value of Student's test that the mean is zero."""
        if not self.error:
            return float(self.mean == 0)
        return 2 * float(stdtr(self.freedom, -abs(self.mean) / self.error))


def bootstrap_interval(
    values: Floats,
    rng: np.random.Generator,
    clusters: Labels | None = None,
    level: float = 0.95,
    resamples: int = 10_000,
) -> Interval:
    """Return the mean and its percentile bootstrap interval (Efron and Tibshirani 1993, chapter 13).

    With clusters, whole clusters are drawn with replacement and each resample's mean is over the queries it holds
    (Field and Welsh, "Bootstrapping clustered data", JRSS B 2007). For a paired difference pass the differences.

    >>> bootstrap_interval(np.array([1.0, 1.0, 1.0]), np.random.default_rng(0))
    Interval(mean=1.0, low=1.0, high=1.0)

    :param values: (n,) one value for each query.
    :param rng: the source of chance; the same state gives the same interval.
    :param clusters: (n,) label of each query's cluster; every query on its own when not given.
    :param level: share of resamples inside the interval.
    :param resamples: how many means are drawn.
    :return: the mean with the low and high end.
    :raises ValueError: when there are no values, or the labels are not one for each value.
    """
    sums, sizes = _cluster_sums(values, clusters)
    means = np.empty(resamples)
    for part in _parts(resamples, len(sizes)):
        drawn = rng.integers(0, len(sizes), (part.stop - part.start, len(sizes)))
        means[part] = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(np.mean(values)), float(low), float(high))


def interval_over_runs(
    values: Floats, rng: np.random.Generator, clusters: Labels | None = None, level: float = 0.95
) -> Interval:
    """Return the mean over runs and queries, and its interval for other runs and other queries, both drawn by chance.

        V = V_runs + V_items,    half of the interval = V^1/2 t_df,    df = (R - 1) (V / V_runs)^2

    `V_runs` is the variance between the R runs over R, `V_items` what clusters of queries add to it: as readers and
    cases in a study of many readers (Dorfman, Berbaum and Metz, Investigative Radiology 1992; the degrees of freedom
    are those of Hillis, Statistics in Medicine 2007). Runs count as differing by no less than chance of each run and
    item makes them, so that no interval is narrower than that of the items alone. Resampling three runs would not show
    how far a fourth may fall from them. A single run has a `bootstrap_interval`, which knows of no other.

    >>> runs = np.array([[1.0, 1.0], [3.0, 3.0], [5.0, 5.0]])  # no query differs from another: Student's interval
    >>> [round(end, 3) for end in interval_over_runs(runs, np.random.default_rng(0))]
    [3.0, -1.968, 7.968]

    :param values: (r, n) the values of r runs for each query.
    :param rng: the source of chance where there is one run.
    :param clusters: (n,) label of each query's cluster; every query on its own when not given.
    :param level: how often the interval is to cover what it estimates.
    :return: the mean with the low and high end.
    :raises ValueError: when there are no values, or the labels are not one for each value.
    """
    if len(values) == 1:
        return bootstrap_interval(values[0], rng, clusters, level)
    return estimate_over_runs(values, clusters).interval(level)


def estimate_over_runs(values: Floats, clusters: Labels | None = None) -> Estimate:
    """Return what `interval_over_runs` makes its interval of, for a test that counts other runs and queries too.

    >>> runs = np.array([[1.0, 1.0], [3.0, 3.0], [5.0, 5.0]])
    >>> round(estimate_over_runs(runs).p, 4)
    0.1217

    :param values: (r, n) the values of at least two runs for each query.
    :param clusters: (n,) label of each query's cluster; every query on its own when not given.
    :return: the mean, its standard error and degrees of freedom.
    :raises ValueError: when there is a single run, there are no values, or the labels are not one for each value.
    """
    if len(values) < 2:
        raise ValueError(f"{len(values)} run; how runs differ needs at least two")
    found = [_cluster_sums(run, clusters) for run in values]
    sums, sizes = np.stack([sum_ for sum_, _ in found]), found[0][1]
    count = len(sizes)
    # What each cluster adds to a run's mean, so that clusters of many queries weigh more.
    cells = (sums - np.mean(values) * sizes) * (count / sizes.sum())
    if count == 1:
        return _estimate(values, 0.0, 0.0)
    between = cells.mean(axis=0).var(ddof=1) / count
    within = cells.var(axis=1, ddof=1).mean() / count
    return _estimate(values, float(between), float(within))


def pigeonhole_interval(
    values: Floats,
    parts: Labels,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 10_000,
) -> Interval:
    """Return the mean and its interval where queries share not one cluster but several parts, as scenes share drawings.

        weight of a query = product over its parts of how often each was drawn

    Parts are drawn with replacement (Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 2007): somewhat
    wider than it need be, where clusters of whole items would be too narrow. Several runs are accounted for as in
    `interval_over_runs`.

    :param values: (n,) one value for each query, or (r, n) those of r runs.
    :param parts: (n, m) labels of the m different parts of each query.
    :param rng: the source of chance; the same state gives the same interval.
    :param level: share of resamples inside the interval.
    :param resamples: how many means are drawn.
    :return: the mean with the low and high end.
    :raises ValueError: when there are no values, or the labels are not those of each.
    """
    runs = np.atleast_2d(values)
    if len(runs) > 1:
        return pigeonhole_estimate(runs, parts, rng, resamples).interval(level)
    low, high = np.nanquantile(_pigeonhole_means(runs, parts, rng, resamples), [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(np.mean(values)), float(low), float(high))


def pigeonhole_estimate(values: Floats, parts: Labels, rng: np.random.Generator, resamples: int = 10_000) -> Estimate:
    """Return what `pigeonhole_interval` makes its interval of several runs of, for a test that counts parts too.

    :param values: (r, n) the values of at least two runs for each query.
    :param parts: (n, m) labels of the m different parts of each query.
    :param rng: the source of chance.
    :param resamples: how many means are drawn.
    :return: the mean, its standard error and degrees of freedom.
    :raises ValueError: when there is a single run, there are no values, or the labels are not those of each.
    """
    if len(values) < 2:
        raise ValueError(f"{len(values)} run; how runs differ needs at least two")
    means = _pigeonhole_means(values, parts, rng, resamples)
    return _estimate(values, float(np.nanvar(means.mean(axis=1))), float(np.nanvar(means, axis=0).mean()))


def _pigeonhole_means(runs: Floats, parts: Labels, rng: np.random.Generator, resamples: int) -> Floats:
    """Return the mean of each run (resamples, r) as parts are drawn."""
    if parts.ndim != 2 or len(parts) != runs.shape[1] or not parts.size:
        raise ValueError(f"{runs.shape[1]} values but labels of shape {parts.shape}; a row for each value is needed")
    found, member = np.unique(parts, return_inverse=True)
    member = member.reshape(parts.shape)
    means = np.empty((resamples, len(runs)))
    for part in _parts(resamples, parts.size):
        drawn = rng.multinomial(len(found), np.full(len(found), 1 / len(found)), size=part.stop - part.start)
        weights = np.prod(drawn[:, member], axis=2, dtype=np.float64)
        with np.errstate(invalid="ignore"):  # so few parts may be drawn that no query has all of its own
            means[part] = weights @ runs.T / weights.sum(axis=1, keepdims=True)
    return means


def _estimate(values: Floats, between: float, within: float) -> Estimate:
    """Return the mean with the chance of runs and of items.

    :param values: (r, n) the values of at least two runs.
    :param between: how much the mean over the runs varies as items are drawn.
    :param within: how much the mean of a single run does, on average.
    """
    runs = len(values)
    # Chance of each run and item on its own is in both parts, and is to count once. Runs cannot differ by less than
    # it: where few of them happen to, they would make the interval narrower than that of the items alone.
    single = max(0.0, (within - between) / (runs - 1))
    of_runs = max(single, float(values.mean(axis=1).var(ddof=1)) / runs)
    variance = of_runs + max(0.0, between - single)
    freedom = (runs - 1) * (variance / of_runs) ** 2 if of_runs else np.inf
    return Estimate(float(np.mean(values)), variance**0.5, freedom)


def randomisation_test(
    differences: Floats, rng: np.random.Generator, clusters: Labels | None = None, resamples: int = RESAMPLES
) -> float:
    """Return the two-sided p-value of a paired randomisation test that the mean difference is zero.

        p = share of sign patterns e in {-1, +1}^C with |sum_c e_c D_c| >= |sum_c D_c|,    D_c = sum of cluster c

    If neither method were better, each query's two results could as well be swapped (Fisher 1935; for retrieval
    Smucker, Allan and Carterette, CIKM 2007). All 2^C patterns are tried when they are no more than `resamples`;
    otherwise so many are drawn, and p = (b + 1) / (m + 1), which is never zero (Phipson and Smyth 2010).

    >>> randomisation_test(np.array([1.0, 1.0, 1.0]), np.random.default_rng(0))
    0.25

    :param differences: (n,) value of one method minus that of the other, for each query.
    :param rng: the source of chance; not used where all patterns are tried.
    :param clusters: (n,) label of each query's cluster, swapped together; every query on its own when not given.
    :param resamples: how many sign patterns are drawn, m.
    :return: p in (0, 1].
    :raises ValueError: when there are no differences, or the labels are not one for each.
    """
    return float(randomisation_tests([differences], rng, clusters, resamples)[0])


def randomisation_tests(
    differences: Sequence[Floats],
    rng: np.random.Generator,
    clusters: Labels | None = None,
    resamples: int = RESAMPLES,
) -> npt.NDArray[np.float64]:
    """Return the p-values of several comparisons on the same queries, each as `randomisation_test` has it.

    All are tested on the same sign patterns: drawing these is what takes the time.

    :param differences: k times (n,), one method's values minus another's, for each query.
    :param rng: the source of chance; not used where all patterns are tried.
    :param clusters: (n,) label of each query's cluster.
    :param resamples: how many sign patterns are drawn.
    :return: (k,) p-values in (0, 1].
    :raises ValueError: when there are no differences, or the labels are not one for each.
    """
    if not len(differences):
        return np.empty(0)
    sums = np.stack([_cluster_sums(one, clusters)[0] for one in differences], axis=1)  # (C, k)
    # Equal sums reached in another order differ by rounding; they count as level.
    reached = np.abs(sums.sum(axis=0)) - 1e-12 * np.abs(sums).sum(axis=0)
    exact = len(sums) < 63 and 2 ** len(sums) <= resamples
    patterns = 2 ** len(sums) if exact else resamples
    at_least = np.zeros(sums.shape[1], dtype=np.int64)
    for part in _parts(patterns, len(sums)):
        if exact:
            signs: Labels = np.arange(part.start, part.stop)[:, None] >> np.arange(len(sums)) & 1
        else:
            bits = rng.integers(0, 256, (part.stop - part.start, -(-len(sums) // 8)), dtype=np.uint8)
            signs = np.unpackbits(bits, axis=1, count=len(sums))
        # Two times the sum over the plus signs, less the whole, is the signed sum.
        signed = 2 * (signs.astype(np.float64) @ sums) - sums.sum(axis=0)
        at_least += np.count_nonzero(np.abs(signed) >= reached, axis=0)
    return at_least / patterns if exact else (at_least + 1) / (patterns + 1)


def _cluster_sums(values: Floats, clusters: Labels | None) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return each cluster's sum and number of queries."""
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(f"values have shape {values.shape}; one value for each of at least one query is needed")
    if clusters is None:
        return np.array(values, dtype=np.float64), np.ones(len(values))
    if len(clusters) != len(values):
        raise ValueError(f"{len(values)} values but {len(clusters)} cluster labels")
    _, member = np.unique(clusters, return_inverse=True)
    return np.bincount(member, values).astype(np.float64), np.bincount(member).astype(np.float64)


def _parts(rows: int, columns: int) -> Iterator[slice]:
    """Cut `rows` into slices that hold at most `CELLS` cells each."""
    step = max(1, CELLS // columns)
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))
