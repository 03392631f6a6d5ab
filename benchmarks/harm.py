"""Harm in a study: which queries an arm answers worse than the query as it is does."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from grape_rewrite.evaluation.significance import bootstrap_interval

if TYPE_CHECKING:
    from task import Task

FIRST = 10  # what a user sees of a ranking


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
        found = bootstrap_interval(self._worse(arm), np.random.default_rng(0), self.task.clusters)
        return f"{found.mean:.3f} ({found.low:.3f} to {found.high:.3f})"

    def _worse(self, arm: str) -> np.ndarray:
        """Where an arm ranks worse than raw does, (seeds, n) of 0 and 1."""
        raw = self.task.ranks("raw")[0]
        return np.array([ranks > raw for ranks in self.task.ranks(arm)], dtype=float)

    @property
    def found_raw(self) -> int:
        """How many queries have their item among the first ten of raw."""
        return int((self.task.ranks("raw")[0] <= FIRST).sum())
