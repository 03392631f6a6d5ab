"""One study of `docs/evidence`, as the text and the pictures of the results ask for it."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
from harm import Harm
from inflation import Inflation
from languages import Languages
from origin import Origin

from grape_rewrite.ablation import markdown, read_results, read_study
from grape_rewrite.ablation.arms import DEFAULT, PROMPT, source_of, tasks_of
from grape_rewrite.ablation.comparisons import paired
from grape_rewrite.ablation.manifest import Manifest, read_manifest
from grape_rewrite.ablation.outcomes import Outcomes, read_outcomes
from grape_rewrite.ablation.study import UNTRAINED, Job
from grape_rewrite.ablation.tables import SEEDS
from grape_rewrite.evaluation.formats import p_cell
from grape_rewrite.evaluation.significance import Interval, interval_over_runs, randomisation_test

PAIRED = ("scenes", "scenes-fresh", "paragraphs", "composed", "definitions", "definitions-5k")  # items are two things
REFERENCES = {"raw", "english"}  # no methods: what is asked, and what a person would have asked
ALPHA = 0.01  # of the test that takes the runs as they are
ALPHA_SEEDS = 0.05  # of the test that counts other seeds too
PUBLISHED = 0.049  # the average gain in Recall@10 of the published method
EARLIER = {"distinct": 0.0}  # what runs had before there was such a key
ANSWERED = {DEFAULT, "sft"}  # arms with a table of their own


class Task:
    """One study, as the template asks for it.

    :param folder: of the evidence.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.study = read_study(folder)
        self.results = read_results(self.study, folder)
        self.arms: dict[str, Any] = self.results["arms"]
        self.manifests = {job: found for job in self.study.jobs() if (found := read_manifest(job.folder(folder)))}
        self.inflation = Inflation(self)
        self.harm = Harm(self)
        self.languages = Languages(self)
        self.origin = Origin(self)

    @cached_property
    def outcomes(self) -> dict[Job, Outcomes]:
        """What each query reached, by run."""
        return {job: read_outcomes(job.folder(self.folder)) for job in self.manifests}

    def by_query(self, arm: str, metric: str) -> dict[int, np.ndarray]:
        """What each query reaches under an arm, by the seed."""
        made_in = arm if arm in self.study.arms else UNTRAINED
        runs = {job.seed: found for job, found in self.outcomes.items() if job.arm == made_in}
        return {seed: found.metric(metric, arm) for seed, found in runs.items() if arm in found.ranks}

    def ranks(self, arm: str) -> list[np.ndarray]:
        """The rank of each query under an arm, one array for each seed."""
        return [np.array(found.ranks[arm]) for found in self.outcomes.values() if arm in found.ranks]

    @property
    def tables(self) -> str:
        """All tables of `grape ablate`."""
        return markdown(self.results).strip()

    @property
    def training_free(self) -> str | None:
        """The best arm that needs no training, by Recall@10."""
        return self.best_free("recall@10")

    def best_free(self, metric: str) -> str | None:
        """The best arm that needs no training, by a metric on the very queries that it is reported on; raw is one."""
        return max(self.free, key=lambda arm: self.arms[arm][metric]["mean"], default=None)

    @property
    def free(self) -> list[str]:
        """The arms that need no training."""
        return self.study.training_free(sorted(self.arms))

    def value(self, arm: str | None, metric: str = "recall@10") -> str:
        """An arm's figure with its spread over seeds; a dash where it was not run."""
        if arm not in self.arms or metric not in self.arms[arm]:
            return "-"
        return self.over(arm, metric, self.arms[arm][metric]["seeds"])

    def over(self, arm: str, metric: str, seeds: Iterable[int]) -> str:
        """An arm's figure over some of its seeds, with its spread."""
        values = [self.arms[arm][metric]["seeds"][seed] for seed in seeds]
        return f"{mean(values):.3f}" + (f" ± {stdev(values):.3f}" if len(values) > 1 else "")

    def mean_of(self, arm: str, seeds: Iterable[int]) -> float:
        """An arm's Recall@10 over some of its seeds."""
        return mean(self.arms[arm]["recall@10"]["seeds"][seed] for seed in seeds)

    def at_the_end(self, arm: str, key: str) -> float:
        """What a figure of training was at the last look, the mean over an arm's seeds."""
        return mean(float(run.looks[-1][key] or 0.0) for job, run in self.manifests.items() if job.arm == arm)

    def gain(self, other: str | None, metric: str = "recall@10") -> str:
        """What GRAPE gains over an arm, in points, with interval and both p-values; a dash where it was not run."""
        row = self.comparison(other, metric)
        if row is None:
            return "-"
        return f"{self.points(row)}, p = {p_cell(row['p_holm'])} and {p_cell(row['p_seeds_holm'])}"

    def between(self, arm: str, other: str, metric: str = "recall@10") -> str:
        """What one trained arm gains over another, in points, with its interval."""
        return self.in_points(self.gained(arm, other, metric))

    def gained(self, arm: str, other: str, metric: str = "recall@10") -> Interval:
        """What one trained arm gains over another, over the seeds that both have (95 % over seeds and items)."""
        gains = np.stack(list(self.differences(arm, other, metric).values()))
        return interval_over_runs(gains, np.random.default_rng(0), self.clusters)

    def differences(self, arm: str, other: str, metric: str) -> dict[int, np.ndarray]:
        """How far a trained arm is ahead of another, for each query, by the seeds that both have."""
        return paired(self.by_query(arm, metric), self.by_query(other, metric), seeded=other in self.trained)

    def empty(self, arm: str) -> float:
        """To which share of the queries an arm says nothing."""
        return self.arms[arm]["empty"]["mean"] / self.results["queries"]

    @property
    def zero_shot(self) -> str:
        """What zero-shot is asked with."""
        run = self.manifests.get(Job(UNTRAINED, 0))
        template = run.zero_shot_template if run else None
        return (
            f"the best of several templates on dev, `{template!r}`" if template else "the prompt without its examples"
        )

    def by_seed(self, other: str) -> str:
        """What each seed of GRAPE gains over an arm in Recall@10, in points, with its own p-value."""
        found = []
        for _, gain in sorted(self.differences(DEFAULT, other, "recall@10").items()):
            p = randomisation_test(gain, np.random.default_rng(0), self.clusters)
            found.append(f"{100 * gain.mean():+.1f} (p = {p:.2g})")
        return ", ".join(found)

    def verdict(self, other: str, metric: str = "recall@10") -> str:
        """Whether an arm does worse or better than GRAPE, or whether that cannot be told."""
        row = self.comparison(other, metric)
        if row is None:
            return "shares no seed with GRAPE"
        if len(row["seeds"]) < SEEDS:
            return "too few seeds"
        word = "worse" if row["difference"] > 0 else "better"
        # The first test speaks of the runs that there are, the second and the interval of others as well.
        if row["p_holm"] >= ALPHA or row["low"] <= 0 <= row["high"]:
            return "not told apart"
        return word if row["p_seeds_holm"] < ALPHA_SEEDS else f"perhaps {word}"

    def judged(self, arm: str) -> str:
        """The verdicts by Recall@10 and by MRR, in words, and whether the other arm ran on other hardware."""
        first, second = (self.verdict(arm, metric) for metric in ("recall@10", "mrr"))
        text = f"{first}, in MRR too" if first == second else f"{first}; in MRR {second}"
        return text + self.origin.caution(arm, self.results["reference"])

    def beats(self, other: str | None, metric: str, surely: bool = False) -> bool:
        """Whether GRAPE does better than an arm by more than what was published; surely, if all the interval does."""
        row = self.comparison(other, metric)
        if row is None or self.verdict(row["b"], metric) != "worse":
            return False
        return bool(row["low" if surely else "difference"] > PUBLISHED)

    def beside(self, other: str) -> str:
        """GRAPE's Recall@10 over the seeds that an arm has too."""
        row = self.comparison(other, "recall@10")
        return "-" if row is None else f"{self.mean_of(DEFAULT, row['seeds']):.3f}"

    @staticmethod
    def points(row: dict[str, float]) -> str:
        """A difference with its interval, in points."""
        return f"{100 * row['difference']:+.1f} ({100 * row['low']:+.1f} to {100 * row['high']:+.1f})"

    @classmethod
    def in_points(cls, found: Interval) -> str:
        """The same of a mean with its interval."""
        return cls.points({"difference": found.mean, "low": found.low, "high": found.high})

    def in_short(self, arm: str) -> str:
        """How far GRAPE, or the first arm, is ahead of an arm in Recall@10, in points, with its interval."""
        row = self.comparison(arm, "recall@10")
        return self.points(row) if row else "-"

    def comparison(self, other: str | None, metric: str) -> dict[str, Any] | None:
        """The comparison of GRAPE, or in a study without it the first arm, with another."""
        rows = self.results["comparisons"]
        return next((row for row in rows if row["b"] == other and row["metric"] == metric), None)

    @property
    def trained(self) -> list[str]:
        """The arms that are trained."""
        return [arm for arm in self.study.arms if arm in self.arms]

    @property
    def rewards(self) -> list[str]:
        """GRAPE and the arms of another reward, when there is any."""
        others = [arm for arm in self.trained if "reward" in self.study.arms[arm]]
        return ["grape", *others] if others and "grape" in self.trained else []

    def seeds(self, arm: str) -> list[int]:
        """The seeds of an arm that were run."""
        return sorted(self.arms[arm]["recall@10"]["seeds"])

    def minutes_of(self, arm: str, seeds: Iterable[int]) -> float:
        """How long an arm's runs with some seeds train, the mean."""
        wanted = set(seeds)
        return mean(
            (run.training_seconds or 0.0) / 60
            for job, run in self.manifests.items()
            if job.arm == arm and job.seed in wanted
        )

    def minutes(self, arm: str) -> str:
        """How long an arm trains; a dash where it was not run."""
        cost = self.results["costs"].get(arm)
        return f"{cost['training_seconds'] / 60:.1f}" if cost else "-"

    def memory(self, arm: str) -> str:
        """The peak of memory of an arm's training, in GB; a dash where it was not run."""
        cost = self.results["costs"].get(arm)
        return f"{cost['peak_gb']:.1f}" if cost else "-"

    @property
    def pools(self) -> list[str]:
        """The arms that rank among few candidates, the fewest first."""
        return sorted((arm for arm in self.trained if arm.startswith("pool-")), key=self.candidates)

    @staticmethod
    def candidates(arm: str) -> int:
        """Among how many candidates an arm ranks."""
        return int(arm.removeprefix("pool-"))

    @property
    def watched(self) -> list[str]:
        """The arms whose looks at dev are of this task's queries alone."""
        return [arm for arm in self.trained if arm not in self.several]

    @property
    def several(self) -> list[str]:
        """The arms whose adapter has learned several tasks, here or in another study."""
        return [arm for arm in self.trained if tasks_of(self.study.arms[arm]) or source_of(self.study.arms[arm])]

    def taken_from(self, arm: str) -> Path | None:
        """The arm of another study that has trained an arm's adapters: STUDY/ARM; None for what is trained here."""
        return source_of(self.study.arms[arm])

    def learned(self, arm: str) -> list[str]:
        """The tasks that an arm's adapter has learned."""
        found = self._first(arm)
        return [found.trained_in or found.data, *(spec.partition(":")[0] for spec in found.also)]

    def trained_with(self, arm: str, key: str) -> Any:
        """A hyperparameter of an arm, as its first run has it."""
        return {**EARLIER, **(self._first(arm).training or {})}[key]

    def _first(self, arm: str) -> Manifest:
        return next(run for job, run in self.manifests.items() if job.arm == arm)

    @property
    def settings(self) -> list[str]:
        """The arms that change a setting of training, other than reward and pool."""
        others = {*ANSWERED, *self.rewards, *self.pools, *self.languages.arms, *self.several, *self.longer}
        return [arm for arm in self.trained if arm not in others]

    @property
    def changing_more(self) -> list[str]:
        """The settings that change more than one key."""
        return [arm for arm in self.settings if len(self.study.arms[arm]) > 1]

    @property
    def longer(self) -> list[str]:
        """The arms of fine-tuning that have steps of their own, to train for as long as GRAPE."""
        return [arm for arm in self.trained if {"algorithm", "steps"} <= self.study.arms[arm].keys()]

    def changes(self, arm: str) -> str:
        """What an arm changes."""
        changes = {key: value for key, value in self.study.arms[arm].items() if key != PROMPT}
        own = ["a prompt of its own"] if PROMPT in self.study.arms[arm] else []
        return ", ".join([*(f"`{key}={value}`" for key, value in changes.items()), *own])

    @cached_property
    def clusters(self) -> np.ndarray:
        """The number of the items that each query asks for."""
        return np.array(next(iter(self.outcomes.values())).clusters)
