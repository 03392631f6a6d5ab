"""Where the runs of a study come from: what was run, by which commands, on which machines."""

import json
import shlex
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from grape_rewrite.ablation.arms import config_of, known_arms
from grape_rewrite.ablation.study import Job
from grape_rewrite.rewriting.prompt import PROMPTS, Prompt

if TYPE_CHECKING:
    from task import Task

NOT_KEPT = "not recorded"  # by earlier versions


def made_on(hardware: Mapping[str, Any]) -> str:
    """Return the accelerator, or where there was none the processor, of a manifest's hardware."""
    return str(hardware.get("accelerator") or hardware.get("processor", NOT_KEPT))


class Origin:
    """What made a study.

    :param task: the study.
    """

    def __init__(self, task: "Task") -> None:
        self.task = task

    @property
    def commands(self) -> list[str]:
        """What makes these runs again: one for all arms that have the same seeds."""
        found: dict[tuple[int, ...], list[str]] = {}
        for arm in self.task.trained:
            found.setdefault(tuple(self.task.study.seeds_of(arm)), []).append(arm)
        return [self._command(arms, seeds) for seeds, arms in found.items()]

    def _command(self, arms: list[str], seeds: Iterable[int]) -> str:
        study = self.task.study
        words = ["grape", "ablate", study.data, "--retriever", study.retriever, "--rewriter", study.rewriter]
        words += ["--precision", study.precision] if study.precision else []
        words += ["--split", study.split] if study.split != "test" else []
        words += ["--queries", str(study.queries)] if study.queries else []
        words += ["--beyond", str(study.beyond)] if study.beyond else []
        words += ["--prompt", self._named(study.prompt)] if study.prompt else []
        for key, value in study.training.items():
            words += ["--set", f"{key}={self._written(value)}"]
        known_here = known_arms(config_of(study.training))
        for arm in arms:
            changes = dict(study.arms[arm])
            if own := study.own_prompt(arm):
                changes["prompt"] = self._named(own)
            text = ",".join(f"{key}={self._written(value)}" for key, value in changes.items())
            known = known_here.get(arm) == changes or arm == text
            words += ["--arm", arm if known else f"{arm}:{text}"]
        for seed in seeds:
            words += ["--seed", str(seed)]
        return shlex.join([*words, "--out", f"runs/{self.task.folder.name}"])

    def _named(self, prompt: Prompt) -> str:
        """The name of a prompt; one without a name lies in the study's file."""
        known = (name for name, other in PROMPTS.items() if other == prompt)
        return next(known, f"the prompt of {self.task.folder.name}/study.yaml")

    @staticmethod
    def _written(value: Any) -> str:
        """A value as YAML, in which settings are read."""
        if isinstance(value, list):
            return f"[{','.join(map(str, value))}]"
        return json.dumps(value) if value is None or isinstance(value, bool) else str(value)

    @property
    def machines(self) -> str:
        """On which accelerators or processors, and with which states of this package, arms were made, in words."""
        found: dict[tuple[str, str], dict[str, None]] = {}
        for job, run in self.task.manifests.items():
            made = made_on(run.hardware), run.versions.get("code", NOT_KEPT)
            found.setdefault(made, {})[job.arm] = None
        return "; ".join(f"{made[0]}, code {made[1]}: {', '.join(arms)}" for made, arms in found.items())

    def caution(self, arm: str, other: str) -> str:
        """What is to be said where a seed of two arms was not, or may not have been, made on the same hardware."""
        found = {job: made_on(run.hardware) for job, run in self.task.manifests.items()}
        pairs = [(Job(arm, job.seed), job) for job in found if job.arm == other]
        both = [{found[one], found[two]} for one, two in pairs if one in found]
        if any(len(made) > 1 and NOT_KEPT not in made for made in both):
            return " (other hardware)"
        return " (hardware not recorded)" if any(NOT_KEPT in made for made in both) else ""

    @property
    def unprinted(self) -> bool:
        """Whether a run does not say by a fingerprint which weights its rewriter had."""
        return any("rewriter" not in run.fingerprints for run in self.task.manifests.values())

    @property
    def accelerators(self) -> list[str]:
        """The accelerators that runs were trained on."""
        return sorted(
            {run.hardware["accelerator"] for run in self.task.manifests.values() if "accelerator" in run.hardware}
        )

    @property
    def setting(self) -> str:
        """What was run, in a sentence."""
        manifest = next(iter(self.task.manifests.values()))
        hardware = manifest.hardware
        left_out = self.task.study.beyond
        beyond = f", beyond the {left_out:,} of other studies" if left_out else ""
        shared = "".join(f", `{key}={value}`" for key, value in self.task.study.training.items())
        return (
            f"retriever `{manifest.retriever}`, rewriter `{manifest.rewriter}`, {manifest.queries:,} queries of the "
            f"{manifest.split} split{beyond}, {hardware['system']}, {hardware['threads']} thread(s) a run"
            + (f", {hardware['precision']}" if "precision" in hardware else "")
            + shared
        )
