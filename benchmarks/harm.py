"""Harm in a study: which queries an arm answers worse than the query as it is does."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from grape_rewrite.evaluation.significance import interval_over_runs

if TYPE_CHECKING:
    from task import Task

FIRST = 10  # what a user sees of a ranking


def ratio_interval(
    ours: Sequence[Sequence[int]], theirs: Sequence[Sequence[int]], clusters: Sequence[int]
) -> tuple[float, float]:
    """Return the 95 % interval of how many queries one way harms over how many another does, in the same runs.

    Each query's part in the ratio is linearised, which makes it a mean (the delta method).

    :param ours: the places of the queries that are harmed, for each run.
    :param theirs: the same of the other, which harms some.
    :param clusters: the number of the items that each query asks for.
    """
    mine, other = (np.array([np.isin(np.arange(len(clusters)), run) for run in way]) for way in (ours, theirs))
    ratio = mine.sum() / other.sum()
    parts = ratio + (mine - ratio * other) / other.mean()
    found = interval_over_runs(parts, np.random.default_rng(0), np.array(clusters))
    return found.low, found.high


class Shares(NamedTuple):
    """What an arm harms, the means over its seeds.

    :param worse: the share of queries that rank worse than raw.
    :param unseen: the share that does, where raw is beyond the first ten.
    :param lost: of the queries whose item raw has among the first ten, the share where it is there no more.
    """

    worse: float
    unseen: float
    lost: float


class Harm:
    """What the arms of a study harm.

    :param task: the study.
    """

    def __init__(self, task: "Task") -> None:
        self.task = task

    def of(self, arm: str | None) -> Shares | None:
        """Which shares of the queries an arm harms, the means over its seeds; None where it was not run."""
        if arm not in self.task.arms:
            return None
        raw = self.task.ranks("raw")[0]
        found = raw <= FIRST
        shares = [
            ((ranks > raw).mean(), ((ranks > raw) & ~found).mean(), (ranks[found] > FIRST).mean())
            for ranks in self.task.ranks(arm)
        ]
        return Shares(*np.mean(shares, axis=0).tolist())

    def over(self, arm: str, queries: np.ndarray) -> float:
        """The share of some of the queries, (n,) booleans, that an arm ranks worse than raw does."""
        return float(self._worse(arm)[:, queries].mean(axis=1).mean())

    def interval(self, arm: str) -> str:
        """The share of queries that an arm ranks worse than raw does, with its 95 % interval over seeds and items."""
        found = interval_over_runs(self._worse(arm), np.random.default_rng(0), self.task.clusters)
        return f"{found.mean:.3f} ({found.low:.3f} to {found.high:.3f})"

    def _worse(self, arm: str) -> np.ndarray:
        """Where an arm ranks worse than raw does, (seeds, n) of 0 and 1."""
        raw = self.task.ranks("raw")[0]
        return np.array([ranks > raw for ranks in self.task.ranks(arm)], dtype=float)

    @property
    def found_raw(self) -> int:
        """How many queries have their item among the first ten of raw."""
        return int((self.task.ranks("raw")[0] <= FIRST).sum())
