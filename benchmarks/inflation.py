"""Score inflation in a study: what training does to the scores of right and of wrong items."""

from collections.abc import Mapping
from itertools import pairwise
from statistics import mean
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from grape_rewrite.ablation.study import UNTRAINED, Job

if TYPE_CHECKING:
    from task import Task

RISEN = 0.01  # a rise of hard negatives' cosines between two looks; smaller ones come and go in all arms


class Inflated(NamedTuple):
    """Two looks at the dev queries in a run, and what changed from one to the other."""

    arm: str
    seed: int
    first: int
    last: int
    hard: float
    others: float
    margin: float
    recall: float

    @classmethod
    def of(cls, job: Job, before: Mapping[str, float | None], after: Mapping[str, float | None]) -> "Inflated":
        """What changed in a run: cosines of the strongest wrong items and of all, the margin, Recall@10."""
        steps = (int(look["step"] or 0) for look in (before, after))
        keys = ("dev_d_hard", "dev_d_neg", "dev_margin", "dev_recall@10")
        return cls(job.arm, job.seed, *steps, *((after[key] or 0.0) - (before[key] or 0.0) for key in keys))


class Inflation:
    """What the scores of a study's queries do.

    :param task: the study.
    """

    def __init__(self, task: "Task") -> None:
        self.task = task

    def against(self, other: str, metric: str) -> str:
        """By how much more a score rises under an arm than under GRAPE, with its interval over seeds and items."""
        row = self._beside_grape(other, metric)
        return "-" if row is None else f"{-row['difference']:+.3f} ({-row['high']:+.3f} to {-row['low']:+.3f})"

    def exceeds(self, other: str) -> bool:
        """Whether an arm lifts hard negatives by more than GRAPE does and wins a smaller margin, both beyond chance."""
        hard, margin = (self._beside_grape(other, metric) for metric in ("d_hard", "margin"))
        return hard is not None and margin is not None and hard["high"] < 0 < margin["low"]

    def _beside_grape(self, other: str, metric: str) -> dict[str, Any] | None:
        rows = self.task.results["inflation"]
        return next((row for row in rows if row["b"] == other and row["metric"] == metric), None)

    def between_looks(self, arm: str, risen: float = RISEN, fallen: float = 0.0) -> list[Inflated]:
        """From which look at the dev queries to the next scores inflated: wrong items rose and the margin fell.

        All wrong items rose in the mean, too.

        :param risen: by how much the strongest wrong items rose, at least.
        :param fallen: by more than this the margin fell.
        """
        return [
            found
            for job, run in self.task.manifests.items()
            if job.arm == arm
            for before, after in pairwise(run.looks)
            if (found := Inflated.of(job, before, after)).hard >= risen and found.others > 0 and found.margin < -fallen
        ]

    def is_strict(self, arm: str) -> bool:
        """Whether wrong items rise in training, all and the strongest, and the margin to these does not."""
        return min(self._learned(arm, "d_hard"), self._learned(arm, "d_neg")) > 0 >= self._learned(arm, "margin")

    def over_untrained(self, arm: str, metric: str) -> str:
        """How much a score rises in training, over the same prompt untrained."""
        return f"{self._learned(arm, metric):+.3f}"

    def shared(self, arm: str) -> str:
        """Which share of what the right item's score gains over the untrained prompt the hard negatives gain too.

        A dash where it gains nothing.
        """
        gain = self._learned(arm, "d_pos")
        return f"{100 * self._learned(arm, 'd_hard') / gain:.0f} %" if gain > 0 else "-"

    def _learned(self, arm: str, metric: str) -> float:
        return self.task.arms[arm][metric]["mean"] - self.task.arms["few-shot"][metric]["mean"]

    def rise(self, arm: str, metric: str) -> str:
        """How much a score rises over raw, with its interval over the items."""
        if arm not in self.task.arms or metric not in self.task.arms[arm]:
            return "-"
        found = self.task.arms[arm][metric]
        return f"{found['mean']:+.3f}" + (f" ({found['low']:+.3f} to {found['high']:+.3f})" if "low" in found else "")

    def rises(self, arm: str, key: str) -> list[tuple[int, list[float]]]:
        """Steps, and how much a score of the dev queries rises over raw by then, a value for each seed."""
        return [(step, self._looks(arm, step, f"dev_{key}")) for step in self.steps]

    def look(self, arm: str, step: int, key: str) -> str:
        """What dev queries showed at a step of training: the mean over the seeds."""
        return f"{mean(self._looks(arm, step, key)):.3f}"

    def _looks(self, arm: str, step: int, key: str) -> list[float]:
        rows = [row for job, run in self.task.manifests.items() if job.arm == arm for row in run.looks]
        return [float(row[key] or 0.0) for row in rows if row["step"] == step]

    @property
    def steps(self) -> list[int]:
        """The steps at which all runs that are watched were looked at."""
        runs = (run for job, run in self.task.manifests.items() if job.arm in self.task.watched)
        return sorted(set.intersection(*({int(row["step"] or 0) for row in run.looks} for run in runs)))

    @property
    def scattered(self) -> list[str]:
        """The methods whose scores are drawn, when there are all of them."""
        wanted = ["raw", "grape", "grpo-similarity"]
        return wanted if set(wanted) <= set(self.task.arms) else []

    def scores(self, arm: str) -> np.ndarray:
        """The scores (positive, hard negatives) of every fourth query under the first seed of an arm."""
        job = next((job for job in self.task.manifests if job.arm == arm), Job(UNTRAINED, 0))
        return np.array(self.task.outcomes[job].levels[arm])[::4]
