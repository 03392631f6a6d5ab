"""Languages in a study: what arms reach in those that they have trained on, and in those that they have not."""

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from grape_rewrite.ablation.arms import DEFAULT
from grape_rewrite.evaluation.significance import Interval, interval_over_runs
from grape_rewrite.rewriting.prompt import PROMPTS

if TYPE_CHECKING:
    from task import Task


IN_PROMPT = ["ar", "fa", "it", "pt", "zh"]
"""The languages of the examples that the multilingual prompt has, one each."""


class Spoken(NamedTuple):
    """What is reached by the queries in one language, in Recall@10.

    :param gain: GRAPE's over the best arm without training.
    :param harm: the share that ranks worse under GRAPE than raw.
    """

    language: str
    queries: int
    raw: float
    best_free: float
    grape: float
    gain: Interval
    harm: float


class Languages:
    """The languages of a study's queries.

    :param task: the study.
    """

    def __init__(self, task: "Task") -> None:
        self.task = task

    @property
    def arms(self) -> list[str]:
        """The arms that train on some languages alone, with a seed that GRAPE has too."""
        ours = set(self.task.seeds(DEFAULT))
        trained = (arm for arm in self.task.trained if self.task.study.arms[arm].get("languages"))
        return [arm for arm in trained if ours & set(self.task.seeds(arm))]

    @property
    def prompted(self) -> list[str]:
        """The languages of which the prompt holds an example."""
        if self.task.study.prompt not in (None, PROMPTS["multilingual"]):
            raise ValueError(f"{self.task.folder.name} has another prompt; say in which languages its examples are")
        return IN_PROMPT

    def seen(self, arm: str) -> list[str]:
        """The languages that an arm trains on."""
        return sorted(self.task.study.arms[arm]["languages"])

    @cached_property
    def all(self) -> list[str]:
        """The language of each query."""
        kept = (found.languages for found in self.task.outcomes.values())
        return [language or "" for language in next(filter(None, kept), [])]

    @property
    def translated(self) -> bool:
        """Whether the queries are in several languages."""
        return len(set(self.all)) > 1

    def best_free(self, languages: list[str], like: str) -> str:
        """The best arm without training over queries in some languages, by Recall@10."""
        return max(self.task.free, key=lambda arm: self.recall(arm, languages, like))

    def recall(self, arm: str, languages: list[str], like: str) -> float:
        """Recall@10 over queries in some languages, means over the seeds that another arm has too."""
        return float(np.mean(list(self._recalls(arm, languages, like).values())))

    def gain(self, arm: str, other: str, languages: list[str]) -> str:
        """What an arm gains in Recall@10 over another over queries in some languages, in points, with its interval."""
        return self.task.in_points(self.gained(arm, other, languages))

    def gained(self, arm: str, other: str, languages: list[str]) -> Interval:
        """What an arm gains in Recall@10 over another over queries in some languages (95 % over seeds and items)."""
        rows = np.isin(self.all, languages)
        gains = np.stack([gain[rows] for gain in self.task.differences(arm, other, "recall@10").values()])
        return interval_over_runs(gains, np.random.default_rng(0), self.task.clusters[rows])

    @cached_property
    def spoken(self) -> list[Spoken]:
        """What is reached by the queries in each language, where there are several, those that gain least first."""
        best = self.task.training_free
        if not self.translated or best is None or "raw" not in self.task.arms:
            return []
        found = [
            Spoken(
                language,
                self.all.count(language),
                self.recall("raw", [language], DEFAULT),
                self.recall(best, [language], DEFAULT),
                self.recall(DEFAULT, [language], DEFAULT),
                self.gained(DEFAULT, best, [language]),
                self.task.harm.over(DEFAULT, np.isin(self.all, [language])),
            )
            for language in sorted(set(self.all))
        ]
        return sorted(found, key=lambda spoken: spoken.gain.mean)

    def _recalls(self, arm: str, languages: list[str], like: str) -> dict[int, np.ndarray]:
        """Recall@10 of each query in some languages, by the seeds that another arm has too."""
        rows = np.isin(self.all, languages)
        seeds = {job.seed for job in self.task.manifests if job.arm == like}
        known = self.task.by_query(arm, "recall@10")
        if arm in self.task.trained:
            known = {seed: values for seed, values in known.items() if seed in seeds}
        return {seed: values[rows] for seed, values in known.items()}
