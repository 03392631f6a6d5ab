"""Where the runs of a study come from: what was run, by which commands, on which machines."""

import shlex
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from grape_rewrite.ablation.arms import config_of, known_arms
from grape_rewrite.rewriting.prompt import PROMPTS

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
        prompt = next((name for name, known in PROMPTS.items() if known == study.prompt), None)
        words = [f"grape ablate {study.data} --retriever {study.retriever} --rewriter {study.rewriter}"]
        words += [f"--precision {study.precision}"] if study.precision else []
        words += [f"--split {study.split}"] if study.split != "test" else []
        words += [f"--queries {study.queries}"] if study.queries else []
        words += [f"--beyond {study.beyond}"] if study.beyond else []
        words += [f"--prompt {prompt}"] if prompt else []
        words += [f"--set {key}={value}" for key, value in study.training.items()]
        known_here = known_arms(config_of(study.training))
        for arm in arms:
            changes = study.arms[arm]
            text = ",".join(f"{key}={self._written(value)}" for key, value in changes.items())
            known = known_here.get(arm) == changes or arm == text
            words.append(f"--arm {shlex.quote(arm if known else f'{arm}:{text}')}")
        words += [f"--seed {seed}" for seed in seeds]
        return " ".join([*words, f"--out runs/{self.task.folder.name}"])

    @staticmethod
    def _written(value: Any) -> str:
        return f"[{','.join(map(str, value))}]" if isinstance(value, list) else str(value)

    @property
    def machines(self) -> str:
        """On which accelerators or processors, and with which states of this package, arms were made, in words."""
        found: dict[tuple[str, str], dict[str, None]] = {}
        for job, run in self.task.manifests.items():
            made = made_on(run.hardware), run.versions.get("code", NOT_KEPT)
            found.setdefault(made, {})[job.arm] = None
        return "; ".join(f"{made[0]}, code {made[1]}: {', '.join(arms)}" for made, arms in found.items())

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
