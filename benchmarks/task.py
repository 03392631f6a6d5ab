"""One study of `docs/evidence`, as the text and the pictures of the results ask for it."""

import shlex
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

import numpy as np

from grape_rewrite.ablation import markdown, read_results, read_study
from grape_rewrite.ablation.arms import ARMS, DEFAULT, source_of, tasks_of
from grape_rewrite.ablation.manifest import Manifest, read_manifest
from grape_rewrite.ablation.outcomes import Outcomes, read_outcomes
from grape_rewrite.ablation.study import UNTRAINED, Job
from grape_rewrite.evaluation.significance import bootstrap_interval, randomisation_test
from grape_rewrite.rewriting.prompt import PROMPTS

REFERENCES = {"raw", "english"}  # no methods: what is asked, and what a person would have asked
ALPHA = 0.01
PUBLISHED = 0.049  # the average gain in Recall@10 of the published method
SEEDS = 3  # fewer say how one run went, not what an arm does
RISEN = 0.01  # a rise of wrong items' cosines between two looks; smaller ones come and go in all arms
NOT_KEPT = "not recorded"  # by earlier versions
FIRST = 10  # what a user sees of a ranking
ANSWERED = {DEFAULT, "sft"}  # arms with a table of their own


class Inflated(NamedTuple):
    """Two looks at the dev queries in a run, and what changed from one to the other."""

    arm: str
    seed: int
    first: int
    last: int
    hard: float
    margin: float
    recall: float

    @classmethod
    def of(cls, job: Job, before: Mapping[str, float | None], after: Mapping[str, float | None]) -> "Inflated":
        """What changed in a run: cosines of the strongest wrong items, the margin to them, Recall@10."""
        steps = (int(look["step"] or 0) for look in (before, after))
        keys = ("dev_d_hard", "dev_margin", "dev_recall@10")
        return cls(job.arm, job.seed, *steps, *((after[key] or 0.0) - (before[key] or 0.0) for key in keys))


class Harm(NamedTuple):
    """What an arm harms, the means over its seeds.

    :param worse: the share of queries that rank worse than raw.
    :param unseen: the share that does, where raw is beyond the first ten.
    :param lost: of the queries whose item raw has among the first ten, the share where it is there no more.
    """

    worse: float
    unseen: float
    lost: float


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

    @cached_property
    def outcomes(self) -> dict[Job, Outcomes]:
        """What each query reached, by run."""
        return {job: read_outcomes(job.folder(self.folder)) for job in self.manifests}

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
        candidates = self.study.training_free(sorted(self.arms))
        return max(candidates, key=lambda arm: self.arms[arm][metric]["mean"], default=None)

    def value(self, arm: str | None, metric: str = "recall@10") -> str:
        """An arm's figure with its spread over seeds; a dash where it was not run."""
        if arm not in self.arms or metric not in self.arms[arm]:
            return "-"
        return self.over(arm, metric, self.arms[arm][metric]["seeds"])

    def over(self, arm: str, metric: str, seeds: Iterable[int]) -> str:
        """An arm's figure over some of its seeds, with its spread."""
        values = [self.arms[arm][metric]["seeds"][seed] for seed in seeds]
        return f"{mean(values):.3f}" + (f" ± {stdev(values):.3f}" if len(values) > 1 else "")

    def gain(self, other: str | None, metric: str = "recall@10") -> str:
        """What GRAPE gains over an arm, in points, with interval and Holm's p; a dash where it was not run."""
        row = self.comparison(other, metric)
        if row is None:
            return "-"
        return f"{self.points(row)}, p = {row['p_holm']:.2g}"

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

    def by_seed(self, other: str, metric: str = "recall@10") -> str:
        """What each seed of GRAPE gains over an arm that needs no training, in points, with its own p-value."""
        found = []
        theirs = self.outcomes[Job(UNTRAINED, 0)]
        for job, ours in self.outcomes.items():
            if job.arm == DEFAULT:
                gain = ours.metric(metric, DEFAULT) - theirs.metric(metric, other)
                p = randomisation_test(gain, np.random.default_rng(0), np.array(ours.clusters))
                found.append((job.seed, f"{100 * gain.mean():+.1f} (p = {p:.2g})"))
        return ", ".join(text for _, text in sorted(found))

    def verdict(self, other: str, metric: str = "recall@10") -> str:
        """Whether an arm does worse or better than GRAPE, or whether that cannot be told."""
        row = self.comparison(other, metric)
        if row is None:
            return "shares no seed with GRAPE"
        if len(row["seeds"]) < SEEDS:
            return "too few seeds"
        word = "worse" if row["difference"] > 0 else "better"
        # The test speaks of the runs that there are, the interval of others as well.
        sure = row["p_holm"] < ALPHA, not row["low"] <= 0 <= row["high"]
        if any(sure) and not all(sure):
            return f"{word} by the {'test' if sure[0] else 'interval'} alone"
        return word if all(sure) else "not told apart"

    def judged(self, arm: str) -> str:
        """The verdicts by Recall@10 and by MRR, in words."""
        first, second = (self.verdict(arm, metric) for metric in ("recall@10", "mrr"))
        return f"{first}, in MRR too" if first == second else f"{first}; in MRR {second}"

    def beats(self, other: str | None, metric: str, surely: bool = False) -> bool:
        """Whether GRAPE does better than an arm by more than what was published; surely, if all the interval does."""
        row = self.comparison(other, metric)
        if row is None or self.verdict(row["b"], metric) != "worse":
            return False
        return bool(row["low" if surely else "difference"] > PUBLISHED)

    def beside(self, other: str, metric: str = "recall@10") -> str:
        """GRAPE's figure over the seeds that an arm has too."""
        row = self.comparison(other, metric)
        ours = self.arms[DEFAULT][metric]["seeds"]
        return "-" if row is None else f"{mean(ours[seed] for seed in row['seeds']):.3f}"

    @staticmethod
    def points(row: dict[str, float]) -> str:
        """A difference with its interval, in points."""
        return f"{100 * row['difference']:+.1f} ({100 * row['low']:+.1f} to {100 * row['high']:+.1f})"

    def comparison(self, other: str | None, metric: str) -> dict[str, Any] | None:
        """The comparison of GRAPE with an arm."""
        rows = self.results["comparisons"]
        return next((row for row in rows if row["b"] == other and row["metric"] == metric), None)

    def harm(self, arm: str | None) -> Harm | None:
        """Which shares of the queries an arm harms, the means over its seeds; None where it was not run."""
        if arm not in self.arms:
            return None
        raw = self.ranks("raw")[0]
        found = raw <= FIRST
        shares = [
            ((ranks > raw).mean(), ((ranks > raw) & ~found).mean(), (ranks[found] > FIRST).mean())
            for ranks in self.ranks(arm)
        ]
        return Harm(*np.mean(shares, axis=0).tolist())

    def harm_interval(self, arm: str) -> str:
        """The share of queries that an arm ranks worse than raw does, with its 95 % interval over seeds and items."""
        worse = np.array([ranks > self.ranks("raw")[0] for ranks in self.ranks(arm)], dtype=float)
        found = bootstrap_interval(worse, np.random.default_rng(0), self.clusters)
        return f"{found.mean:.3f} ({found.low:.3f} to {found.high:.3f})"

    @property
    def found_raw(self) -> int:
        """How many queries have their item among the first ten of raw."""
        return int((self.ranks("raw")[0] <= FIRST).sum())

    def against(self, other: str, metric: str) -> str:
        """By how much more a score rises under an arm than under GRAPE, with its interval over seeds and items."""
        row = self._beside_grape(other, metric)
        return "-" if row is None else f"{-row['difference']:+.3f} ({-row['high']:+.3f} to {-row['low']:+.3f})"

    def inflates_beside(self, other: str) -> bool:
        """Whether an arm lifts hard negatives by more than GRAPE does and wins a smaller margin, both beyond chance."""
        hard, margin = (self._beside_grape(other, metric) for metric in ("d_hard", "margin"))
        return hard is not None and margin is not None and hard["high"] < 0 < margin["low"]

    def _beside_grape(self, other: str, metric: str) -> dict[str, Any] | None:
        rows = self.results["inflation"]
        return next((row for row in rows if row["b"] == other and row["metric"] == metric), None)

    def inflated(self, arm: str, risen: float = RISEN, fallen: float = 0.0) -> list[Inflated]:
        """From which look at the dev queries to the next scores inflated: wrong items rose and the margin fell.

        :param risen: by how much wrong items rose, at least.
        :param fallen: by more than this the margin fell.
        """
        return [
            found
            for job, run in self.manifests.items()
            if job.arm == arm
            for before, after in pairwise(run.looks)
            if (found := Inflated.of(job, before, after)).hard >= risen and found.margin < -fallen
        ]

    def rises_read_strictly(self, arm: str) -> bool:
        """Whether wrong items rise in training and the margin to them does not."""
        return self._learned(arm, "d_hard") > 0 >= self._learned(arm, "margin")

    def over_untrained(self, arm: str, metric: str) -> str:
        """How much a score rises in training, over the same prompt untrained."""
        return f"{self._learned(arm, metric):+.3f}"

    def shared(self, arm: str) -> str:
        """Which share of what the right item's score gains over the untrained prompt the hard negatives gain too."""
        return f"{100 * self._learned(arm, 'd_hard') / self._learned(arm, 'd_pos'):.0f} %"

    def _learned(self, arm: str, metric: str) -> float:
        return self.arms[arm][metric]["mean"] - self.arms["few-shot"][metric]["mean"]

    def rise(self, arm: str, metric: str) -> str:
        """How much a score rises over raw, with its interval over the items."""
        if arm not in self.arms or metric not in self.arms[arm]:
            return "-"
        found = self.arms[arm][metric]
        return f"{found['mean']:+.3f}" + (f" ({found['low']:+.3f} to {found['high']:+.3f})" if "low" in found else "")

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

    def minutes(self, arm: str) -> str:
        """How long an arm trains; a dash where it was not run."""
        cost = self.results["costs"].get(arm)
        return f"{cost['training_seconds'] / 60:.1f}" if cost else "-"

    def memory(self, arm: str) -> str:
        """The peak of memory of an arm's training, in GB; a dash where it was not run."""
        cost = self.results["costs"].get(arm)
        return f"{cost['peak_gb']:.1f}" if cost else "-"

    @property
    def scattered(self) -> list[str]:
        """The methods whose scores are drawn, when there are all of them."""
        wanted = ["raw", "grape", "grpo-similarity"]
        return wanted if set(wanted) <= set(self.arms) else []

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
    def steps(self) -> list[int]:
        """The steps at which all runs that are watched were looked at."""
        runs = (run for job, run in self.manifests.items() if job.arm in self.watched)
        return sorted(set.intersection(*({int(row["step"] or 0) for row in run.looks} for run in runs)))

    def look(self, arm: str, step: int, key: str) -> str:
        """What dev queries showed at a step of training: the mean over the seeds."""
        return f"{mean(self._looks(arm, step, key)):.3f}"

    def _looks(self, arm: str, step: int, key: str) -> list[float]:
        rows = [row for job, run in self.manifests.items() if job.arm == arm for row in run.looks]
        return [float(row[key] or 0.0) for row in rows if row["step"] == step]

    def rises(self, arm: str, key: str) -> list[tuple[int, list[float]]]:
        """Steps, and how much a score of the dev queries rises over raw by then, a value for each seed."""
        return [(step, self._looks(arm, step, f"dev_{key}")) for step in self.steps]

    @property
    def some_languages(self) -> list[str]:
        """The arms that train on some languages alone."""
        return [arm for arm in self.trained if self.study.arms[arm].get("languages")]

    @property
    def several(self) -> list[str]:
        """The arms whose adapter has learned several tasks, here or in another study."""
        return [arm for arm in self.trained if tasks_of(self.study.arms[arm]) or source_of(self.study.arms[arm])]

    def learned(self, arm: str) -> list[str]:
        """The tasks that an arm's adapter has learned."""
        found = self._first(arm)
        return [found.trained_in or found.data, *(spec.partition(":")[0] for spec in found.also)]

    def trained_with(self, arm: str, key: str) -> Any:
        """A hyperparameter of an arm, as its first run has it."""
        return (self._first(arm).training or {})[key]

    def _first(self, arm: str) -> Manifest:
        return next(run for job, run in self.manifests.items() if job.arm == arm)

    @property
    def settings(self) -> list[str]:
        """The arms that change a setting of training, other than reward and pool."""
        others = {*ANSWERED, *self.rewards, *self.pools, *self.some_languages, *self.several}
        return [arm for arm in self.trained if arm not in others]

    def changes(self, arm: str) -> str:
        """What an arm changes."""
        return ", ".join(f"`{key}={value}`" for key, value in self.study.arms[arm].items())

    def seen(self, arm: str) -> list[str]:
        """The languages that an arm trains on."""
        return sorted(self.study.arms[arm]["languages"])

    @cached_property
    def clusters(self) -> np.ndarray:
        """The number of the items that each query asks for."""
        return np.array(next(iter(self.outcomes.values())).clusters)

    @cached_property
    def languages(self) -> list[str]:
        """The language of each query."""
        kept = (found.languages for found in self.outcomes.values())
        return [language or "" for language in next(filter(None, kept), [])]

    @property
    def translated(self) -> bool:
        """Whether the queries are in several languages."""
        return len(set(self.languages)) > 1

    def scores(self, arm: str) -> np.ndarray:
        """The scores (positive, hard negatives) of every fourth query under the first seed of an arm."""
        job = next((job for job in self.manifests if job.arm == arm), Job(UNTRAINED, 0))
        return np.array(self.outcomes[job].levels[arm])[::4]

    def recall_in(self, arm: str, languages: list[str], like: str) -> float:
        """Recall@10 over queries in some languages, means over the seeds that another arm has too."""
        return float(np.mean(list(self._recalls(arm, languages, like).values())))

    def gain_in(self, arm: str, other: str, languages: list[str]) -> str:
        """What an arm gains in Recall@10 over another over queries in some languages (95 % over seeds and items)."""
        ours, theirs = self._recalls(arm, languages, arm), self._recalls(other, languages, arm)
        if other not in self.trained:  # its one run stands beside each seed
            theirs = dict.fromkeys(ours, theirs[0])
        gains = np.stack([ours[seed] - theirs[seed] for seed in ours if seed in theirs])
        clusters = self.clusters[np.isin(self.languages, languages)]
        gained = bootstrap_interval(gains, np.random.default_rng(0), clusters)
        return self.points({"difference": gained.mean, "low": gained.low, "high": gained.high})

    def _recalls(self, arm: str, languages: list[str], like: str) -> dict[int, np.ndarray]:
        """Recall@10 of each query in some languages, by the seeds that another arm has too."""
        rows = np.isin(self.languages, languages)
        seeds = {job.seed for job in self.manifests if job.arm == like}
        jobs = [job for job in self.manifests if job.arm == arm and job.seed in seeds] or [Job(UNTRAINED, 0)]
        return {job.seed: np.array(self.outcomes[job].recall[arm])[rows] for job in jobs}

    @property
    def commands(self) -> list[str]:
        """What makes these runs again: one for all arms that have the same seeds."""
        found: dict[tuple[int, ...], list[str]] = {}
        for arm in self.trained:
            found.setdefault(tuple(self.study.seeds_of(arm)), []).append(arm)
        return [self._command(arms, seeds) for seeds, arms in found.items()]

    def _command(self, arms: list[str], seeds: Iterable[int]) -> str:
        study = self.study
        prompt = next((name for name, known in PROMPTS.items() if known == study.prompt), None)
        words = [f"grape ablate {study.data} --retriever {study.retriever} --rewriter {study.rewriter}"]
        words += [f"--precision {study.precision}"] if study.precision else []
        words += [f"--split {study.split}"] if study.split != "test" else []
        words += [f"--queries {study.queries}"] if study.queries else []
        words += [f"--prompt {prompt}"] if prompt else []
        words += [f"--set {key}={value}" for key, value in study.training.items()]
        for arm in arms:
            changes = study.arms[arm]
            text = ",".join(f"{key}={self._written(value)}" for key, value in changes.items())
            known = ARMS.get(arm) == changes or arm == text
            words.append(f"--arm {shlex.quote(arm if known else f'{arm}:{text}')}")
        words += [f"--seed {seed}" for seed in seeds]
        return " ".join([*words, f"--out runs/{self.folder.name}"])

    @staticmethod
    def _written(value: Any) -> str:
        return f"[{','.join(map(str, value))}]" if isinstance(value, list) else str(value)

    @property
    def origins(self) -> str:
        """On which processors, and with which states of this package, the runs of which arms were made, in words."""
        found: dict[tuple[str, str], dict[str, None]] = {}
        for job, run in self.manifests.items():
            made = str(run.hardware.get("processor", NOT_KEPT)), run.versions.get("code", NOT_KEPT)
            found.setdefault(made, {})[job.arm] = None
        return "; ".join(f"{made[0]}, code {made[1]}: {', '.join(arms)}" for made, arms in found.items())

    @property
    def setting(self) -> str:
        """What was run, in a sentence."""
        manifest = next(iter(self.manifests.values()))
        hardware = manifest.hardware
        shared = "".join(f", `{key}={value}`" for key, value in self.study.training.items())
        return (
            f"retriever `{manifest.retriever}`, rewriter `{manifest.rewriter}`, {manifest.queries:,} queries of the "
            f"{manifest.split} split, {hardware['system']}, {hardware['threads']} thread(s) a run"
            + (f", {hardware['precision']}" if "precision" in hardware else "")
            + shared
        )
