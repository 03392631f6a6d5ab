"""What the runs of a study must agree on: with anything else they could not be compared."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from grape_rewrite.ablation.manifest import REWARD, Manifest
from grape_rewrite.ablation.study import Job, Study
from grape_rewrite.errors import UserError

LONG = {"prompt"}  # what is too long to be said of an arm
SHOWN = {"split", "precision"}  # what is short enough to be said of all
PLURAL = {"data", "queries"}


class Fact(NamedTuple):
    """What is to be agreed on: the name of a thing, and the arm within which alone it must be the same, if any."""

    name: str
    arm: str = ""


class Run(NamedTuple):
    """A run that is complete, or one that is planned, with what is known of it."""

    folder: Path
    facts: Mapping[Fact, Any]
    planned: bool = False


def facts_of(
    arm: str,
    fingerprints: Mapping[str, str],
    own: Mapping[str, Any] | None = None,
    **shared: Any,
) -> dict[Fact, Any]:
    """Return what a run must agree on with others.

    :param arm: its arm.
    :param fingerprints: what it is made with. The source of a user's own reward counts among runs with that reward.
    :param own: what the seeds of the arm share alone: its hyperparameters, but for the seed, and what it has beside.
    :param shared: what all runs share beside; what is None is not known.
    """
    settings = dict(own or {})
    found = {Fact(name): value for name, value in fingerprints.items() if name != REWARD}
    found |= {Fact(name): value for name, value in shared.items() if value is not None}
    found |= {Fact(name, arm): value for name, value in settings.items() if name != "seed"}
    if REWARD in fingerprints:
        found[Fact(f"source of the reward {settings['reward']}")] = fingerprints[REWARD]
    return found


def complete_run(study: Study, job: Job, found: Manifest, out: Path) -> Run:
    """Return what a manifest says, which is less in those that earlier versions wrote.

    :param study: which prompts are those of an arm alone.
    :param job: the run.
    :param found: its manifest.
    :param out: the study's folder.
    """
    own = dict(found.training or {})
    shared: dict[str, Any] = {"split": found.split, "precision": found.hardware.get("precision")}
    if "also" in found.model_fields_set:
        own["also"] = found.also
    if not found.trained_in:  # what another study trained is asked as it was there
        (own if study.own_prompt(job.arm) else shared)["prompt"] = found.prompt
    return Run(job.folder(out), facts_of(job.arm, found.fingerprints, own, **shared))


def require_comparable(runs: Iterable[Run]) -> None:
    """Require that any two runs agree on what is known of both.

    :raises UserError: with the first two that do not, and what they differ in.
    """
    seen: dict[Fact, tuple[Path, Any]] = {}
    for folder, facts, planned in runs:
        for fact, value in facts.items():
            other, theirs = seen.setdefault(fact, (folder, value))
            if value == theirs:
                continue
            if fact.name in SHOWN or (fact.arm and fact.name not in LONG):
                said = f"{fact.name}={value!r}, {other} with {theirs!r}"
            else:
                said = f"{'other' if fact.name in PLURAL else 'another'} {fact.name} than {other}"
            verb, cure = ("would be", "; use another --out folder") if planned else ("was", "")
            raise UserError(f"{folder} {verb} made with {said}; such runs cannot be compared{cure}")
