"""Studies that differ in a few settings of training alone, beside each other."""

from collections.abc import Set
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from grape_rewrite.ablation.arms import DEFAULT
from grape_rewrite.ablation.study import Job
from grape_rewrite.evaluation.significance import interval_over_runs
from grape_rewrite.training.config import TrainingConfig

if TYPE_CHECKING:
    from task import Task

APART = {"distinct"}  # whether a group's rewrites are kept apart
BUDGET = {"steps", "batch", "evaluate_every"} | APART  # how long training takes, and what became the default with it


class Pair(NamedTuple):
    """Two studies on the same queries that differ in some settings of all their arms, and in nothing else.

    :param without: the one with fewer steps, or without what the other has.
    """

    without: "Task"
    other: "Task"

    @property
    def arms(self) -> list[str]:
        """The arms that both have trained, with a seed in common."""
        return [arm for arm in self.other.trained if arm in self.without.trained and self.seeds(arm)]

    def seeds(self, arm: str) -> list[int]:
        """The seeds of an arm that both have."""
        return [seed for seed in self.other.seeds(arm) if seed in self.without.seeds(arm)]

    @property
    def differs(self) -> set[str]:
        """The keys of training that differ, but for how often dev is looked at."""
        one, other = (TrainingConfig.of(**task.study.training).model_dump() for task in self)
        return {key for key in one if one[key] != other[key]} - {"evaluate_every"}

    def gain(self, arm: str, metric: str) -> str:
        """What an arm gains by the other's settings, in points, with its interval over seeds and items."""
        return self._points([self._gains(arm, metric, seed) for seed in self.seeds(arm)])

    def lead(self, arm: str, metric: str) -> str:
        """By how much the other's settings widen what GRAPE leads an arm by, in points, with its interval."""
        seeds = [seed for seed in self.seeds(arm) if seed in self.seeds(DEFAULT)]
        gains = [self._gains(DEFAULT, metric, seed) - self._gains(arm, metric, seed) for seed in seeds]
        return self._points(gains)

    def ahead(self, arm: str, metric: str) -> str:
        """How far GRAPE with the other's settings is ahead of an arm without them, in points, with its interval."""
        seeds = [seed for seed in self.without.seeds(arm) if seed in self.other.seeds(DEFAULT)]
        gains = [
            self.other.outcomes[Job(DEFAULT, seed)].metric(metric, DEFAULT)
            - self.without.outcomes[Job(arm, seed)].metric(metric, arm)
            for seed in seeds
        ]
        return self._points(gains)

    def _gains(self, arm: str, metric: str, seed: int) -> np.ndarray:
        """What each query gains."""
        without, other = (task.outcomes[Job(arm, seed)].metric(metric, arm) for task in self)
        return other - without

    def _points(self, gains: list[np.ndarray]) -> str:
        """Gains, a row a seed, in points with their interval; a dash where there is no seed."""
        if not gains:
            return "-"
        interval = interval_over_runs(np.stack(gains), np.random.default_rng(0), self.other.clusters)
        return self.other.in_points(interval)


def pairs(tasks: list["Task"], keys: Set[str]) -> list[Pair]:
    """The pairs of studies that differ in some keys of training alone, and share an arm; all have the same first.

    :param keys: those that they may differ in.
    """

    def rest(task: "Task") -> dict[str, Any]:
        training = TrainingConfig.of(**task.study.training).model_dump(exclude=set(keys))
        return {**task.study.model_dump(exclude={"arms", "seeds", "some_seeds"}), "training": training}

    def amount(task: "Task") -> tuple[int, float]:
        config = TrainingConfig.of(**task.study.training)
        return config.steps, config.distinct

    found = [
        Pair(first, other)
        for other in tasks
        if (first := min((task for task in tasks if rest(task) == rest(other)), key=amount)) is not other
    ]
    return [pair for pair in found if pair.arms]
