"""Studies that differ in a few settings of training alone, beside each other."""

from collections.abc import Set
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from grape_rewrite.ablation.arms import DEFAULT
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
        return self._points(list(self._gains(arm, metric).values()))

    def lead(self, arm: str, metric: str) -> str:
        """By how much the other's settings widen what GRAPE leads an arm by, in points, with its interval."""
        ours, theirs = self._gains(DEFAULT, metric), self._gains(arm, metric)
        return self._points([ours[seed] - theirs[seed] for seed in theirs if seed in ours])

    def ahead(self, arm: str, metric: str) -> str:
        """How far GRAPE with the other's settings is ahead of an arm without them, in points, with its interval."""
        ours, theirs = self.other.by_query(DEFAULT, metric), self.without.by_query(arm, metric)
        return self._points([ours[seed] - theirs[seed] for seed in theirs if seed in ours])

    def _gains(self, arm: str, metric: str) -> dict[int, np.ndarray]:
        """What each query gains, by the seeds that both have."""
        without, other = (task.by_query(arm, metric) for task in self)
        return {seed: other[seed] - without[seed] for seed in other if seed in without}

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
