"""A study: arms times seeds with the same budget, in a folder that an interrupted study goes on from."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from grape_rewrite.ablation.arms import BESIDE, config_of, own_prompt, source_of, tasks_of, wrong_name
from grape_rewrite.atomic import write_text
from grape_rewrite.document import read_yaml
from grape_rewrite.errors import UserError, first_problem
from grape_rewrite.evaluation.summary import HUMAN
from grape_rewrite.lock import locked
from grape_rewrite.processes import best_device
from grape_rewrite.rewriting.precision import Precision, best_precision
from grape_rewrite.rewriting.prompt import Prompt
from grape_rewrite.training.config import LARGEST_SEED, TrainingConfig

if TYPE_CHECKING:
    from grape_rewrite.datasets import Dataset, Split

STUDY = "study.yaml"
UNTRAINED = "untrained"

Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]


class Job(NamedTuple):
    """One run of a study: an arm with a seed, or what needs no training with the seed of its samples."""

    arm: str
    seed: int

    @property
    def name(self) -> str:
        """What it is called: `ARM/seed-N`."""
        return f"{self.arm}/seed-{self.seed}"

    def folder(self, out: Path) -> Path:
        """Where the run lies."""
        return out / self.name


class Study(BaseModel):
    """What is compared, on what. `training` holds the hyperparameters that all arms share.

    Arms run with all `seeds` but for those in `some_seeds`, which has the seeds that these run with. What needs no
    training runs with the first seed of sampling, 0; `draws` is how many seeds those of it run with that sample.

    `beyond` leaves out the queries that a study with `queries` of this number measures: what was chosen by those is
    to be confirmed on the rest.

    `max_unreadable` is the share of the corpus whose image may be unreadable.

    `precision` is the number format of all runs. Where it is left open, the machine that the study begins on decides,
    and runs that go on elsewhere keep to it: they could not be compared otherwise.
    """

    model_config = ConfigDict(extra="forbid")

    data: str
    retriever: str
    rewriter: str
    prompt: Prompt | None = None
    split: str = "test"
    queries: int | None = None
    beyond: int | None = None
    max_unreadable: float = Field(0.0, ge=0, le=1)
    precision: Precision | None = None
    training: dict[str, Any] = {}
    arms: dict[str, dict[str, Any]]
    seeds: list[Seed] = Field(min_length=1)
    some_seeds: dict[str, list[Seed]] = {}
    draws: int = Field(1, ge=1)

    @field_validator("arms")
    @classmethod
    def _arms_can_be(cls, arms: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for name, changes in arms.items():
            if wrong := wrong_name(name):
                raise ValueError(f"{name!r} {wrong}")
            if unknown := changes.keys() - TrainingConfig.model_fields.keys() - BESIDE:
                raise ValueError(f"{name!r} has an unknown key {min(unknown)!r}")
            if "seed" in changes:
                raise ValueError(f"{name!r} has a seed of its own; all arms have those of the study")
            try:
                own_prompt(changes)
            except UserError as error:
                raise ValueError(f"{name!r} has a prompt that is none: {error}") from error
        return arms

    @field_validator("training")
    @classmethod
    def _training_is_known(cls, training: dict[str, Any]) -> dict[str, Any]:
        if unknown := training.keys() - TrainingConfig.model_fields.keys():
            raise ValueError(f"unknown key {min(unknown)!r}")
        if "seed" in training:
            raise ValueError("a seed is nothing that all runs share; name it in seeds")
        return training

    @model_validator(mode="after")
    def _seeds_count_once(self) -> "Study":
        some = {f"some_seeds.{arm}": seeds for arm, seeds in self.some_seeds.items()}
        for where, seeds in {"seeds": self.seeds, **some}.items():
            twice = next((seed for seed in seeds if seeds.count(seed) > 1), None)
            if twice is not None:
                raise ValueError(f"{where} has {twice} twice; each adds evidence once")
            if other := set(seeds) - set(self.seeds):
                raise ValueError(f"{where} has {min(other)}, which is not among the seeds")
        if unknown := self.some_seeds.keys() - self.arms.keys():
            raise ValueError(f"some_seeds has {min(unknown)!r}, which is not among the arms")
        return self

    def seeds_of(self, arm: str) -> list[int]:
        """The seeds that an arm runs with."""
        return self.some_seeds.get(arm, self.seeds)

    def jobs(self) -> Iterator[Job]:
        """Every run, seed by seed, so that a study which is stopped early has all arms."""
        for draw, seed in zip_longest(range(self.draws), self.seeds):
            if draw is not None:
                yield Job(UNTRAINED, draw)
            if seed is not None:
                yield from (Job(arm, seed) for arm in self.arms if seed in self.seeds_of(arm))

    def measured(self, dataset: "Dataset") -> "Split":
        """The queries that all runs are measured on.

        :raises UserError: when the data set has no such split, or none of its queries is left.
        """
        split = dataset.split(self.split).beyond(self.beyond)
        return split if self.queries is None else split.sample(self.queries)

    def training_free(self, methods: Iterable[str]) -> list[str]:
        """Return those of the methods that were measured which need no training; a person's wording is none."""
        return [name for name in methods if name not in self.arms and name != HUMAN]

    def chosen(self, only: str | None = None) -> list[Job]:
        """Return the runs to do: all, or the one of this name, as for one of many jobs of a cluster.

        :raises UserError: when there is no such run.
        """
        jobs = list(self.jobs())
        chosen = [job for job in jobs if only in (None, job.name)]
        if not chosen:
            raise UserError(f"the study has no run {only!r}; it has {', '.join(job.name for job in jobs)}")
        return chosen

    def config(self, job: Job) -> TrainingConfig:
        """The hyperparameters of a run."""
        return config_of({**self.training, **self.arms[job.arm], "seed": job.seed})

    def also(self, arm: str) -> list[str]:
        """The further tasks of an arm."""
        return tasks_of(self.arms[arm])

    def own_prompt(self, arm: str) -> Prompt | None:
        """What an arm asks with, where that is not the prompt of the study."""
        return own_prompt(self.arms.get(arm, {}))

    def source(self, job: Job) -> Path | None:
        """The run of another study whose adapter is measured, of the same seed; None for a run that trains its own."""
        folder = source_of(self.arms[job.arm])
        return folder and Job(folder.name, job.seed).folder(folder.parent)

    def joined(self, out: Path) -> "Study":
        """Return the study with the runs of the one that a folder holds, if it holds one; no others come in.

        :raises UserError: when the folder holds a study of something else: its runs could not be compared.
        """
        if not (out / STUDY).is_file():
            return self
        there = read_study(out)
        shared = ("data", "retriever", "rewriter", "prompt", "split", "queries", "beyond", "max_unreadable", "training")
        for key in shared:
            old, new = getattr(there, key), getattr(self, key)
            if old != new:
                raise UserError(f"{out} holds a study with {key}={old!r}, not {new!r}; use another --out folder")
        changed = next((arm for arm in self.arms if there.arms.get(arm, self.arms[arm]) != self.arms[arm]), None)
        if changed:
            raise UserError(f"{out} holds an arm {changed!r} with {there.arms[changed]}, not {self.arms[changed]}")
        if self.precision not in (None, there.precision):
            raise UserError(f"{out} holds a study in {there.precision}, not {self.precision}; use another --out folder")
        arms = {**there.arms, **self.arms}
        seeds = list(dict.fromkeys([*there.seeds, *self.seeds]))
        jobs = {*there.jobs(), *self.jobs()}
        known = {arm: [seed for seed in seeds if Job(arm, seed) in jobs] for arm in arms}
        some = {arm: own for arm, own in known.items() if own != seeds}
        draws = max(there.draws, self.draws)
        joint = {"arms": arms, "seeds": seeds, "some_seeds": some, "draws": draws, "precision": there.precision}
        return self.model_copy(update=joint)

    def begin(self, out: Path) -> "Study":
        """Write the study into its folder, joined to the one that lies there.

        :return: the study with the runs of both.
        :raises UserError: as `joined` does.
        """
        with locked(out):  # two studies that begin at once must not lose each other's arms
            whole = self.joined(out)
            if whole.precision is None:
                whole.precision = best_precision(best_device())
            write_text(out / STUDY, yaml.safe_dump(whole.model_dump(mode="json"), sort_keys=False, allow_unicode=True))
        return whole


def read_study(out: Path) -> Study:
    """Read the study that a folder holds.

    :raises UserError: when there is none, or it does not hold what it should.
    """
    if not (out / STUDY).is_file():
        raise UserError(f"{out} holds no study (no file {STUDY})")
    try:
        return Study.model_validate(read_yaml(out / STUDY))
    except ValidationError as error:
        raise UserError(f"{out / STUDY}: {first_problem(error)}") from error
