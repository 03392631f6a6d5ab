"""Studies that differ in how long they train, beside each other."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from grape_rewrite.ablation.arms import DEFAULT
from grape_rewrite.ablation.study import Job
from grape_rewrite.evaluation.significance import bootstrap_interval

if TYPE_CHECKING:
    from task import Task

BUDGET = {"steps", "batch", "evaluate_every"}  # how long training takes, and how often dev is looked at


class Budgets(NamedTuple):
    """Two studies on the same queries that differ in nothing but how many steps there are and of what size.

    :param default: the one with the default's steps.
    :param other: the one that names its own.
    """

    default: "Task"
    other: "Task"

    @property
    def arms(self) -> list[str]:
        """The arms that both have trained."""
        return [arm for arm in self.other.trained if arm in self.default.trained]

    def seeds(self, arm: str) -> list[int]:
        """The seeds of an arm that both have."""
        return [seed for seed in self.other.seeds(arm) if seed in self.default.seeds(arm)]

    def gain(self, arm: str, metric: str) -> str:
        """What an arm gains by the other's steps, in points, with its interval over seeds and items."""
        return self._points(np.stack([self._gains(arm, metric, seed) for seed in self.seeds(arm)]))

    def lead(self, arm: str, metric: str) -> str:
        """By how much the other's steps widen what GRAPE leads an arm by, in points, with its interval."""
        seeds = [seed for seed in self.seeds(arm) if seed in self.seeds(DEFAULT)]
        gains = [self._gains(DEFAULT, metric, seed) - self._gains(arm, metric, seed) for seed in seeds]
        return self._points(np.stack(gains))

    def _gains(self, arm: str, metric: str, seed: int) -> np.ndarray:
        """What each query gains."""
        default, other = (task.outcomes[Job(arm, seed)].metric(metric, arm) for task in self)
        return other - default

    def _points(self, gains: np.ndarray) -> str:
        return self.other.in_points(bootstrap_interval(gains, np.random.default_rng(0), self.other.clusters))


def budgets(tasks: list["Task"]) -> list[Budgets]:
    """The pairs of studies that differ in their budget of training alone, and share an arm."""

    def rest(task: "Task") -> dict[str, Any]:
        study = task.study.model_dump(exclude={"arms", "seeds", "some_seeds"})
        return {**study, "training": {key: value for key, value in study["training"].items() if key not in BUDGET}}

    return [
        Budgets(task, other)
        for other in tasks
        if "steps" in other.study.training
        for task in tasks
        if not BUDGET & set(task.study.training) and rest(task) == rest(other)
    ]
