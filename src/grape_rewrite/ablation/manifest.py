"""What a run was: enough to make it again, and to refuse to compare it with what it cannot be compared with."""

import os
import platform
import resource
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, model_validator

import grape_rewrite
from grape_rewrite.atomic import write_text
from grape_rewrite.document import read_document
from grape_rewrite.fingerprint import source_hash
from grape_rewrite.rewriting.prompt import Prompt

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MANIFEST = "manifest.json"
PACKAGES = ("grape-rewrite", "torch", "transformers", "trl", "peft", "numpy")
REWARD = "reward"  # the fingerprint of the source of a user's own reward
NEEDED = ("recall@10", "mrr")  # of each method
CODE_DIGITS = 12  # enough to tell two states of the source apart
CPU_INFO = Path("/proc/cpuinfo")


class Manifest(BaseModel):
    """The content of `manifest.json`, which is written last: a run with one is complete.

    Times are in seconds: of training with all that belongs to it, of the evaluation. Memory is in GB (10^9 bytes), of
    the run's process at its peak (of the last one, if it was resumed). `figures` are those of the evaluation by method,
    `looks` the rows of the history with dev figures; what is no number is null. In runs that need no training,
    `zero_shot_template` and `selected_instruction` are what was chosen on dev, without examples and of all prompts (no
    instruction where that is the one without examples), for what the run measures, and `picture_weights` what fusions
    with a query's picture did.
    `fingerprints` are SHA-256 sums of what it was made with, `reward` that of the source of a user's own reward.
    `also` are further tasks that the adapter learned, `trained_in` the data of the study that it comes from, if that is
    another one.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    arm: str
    seed: int
    training: dict[str, Any] | None
    also: list[str] = []
    trained_in: str | None = None
    data: str
    retriever: str
    rewriter: str
    prompt: Prompt
    zero_shot_template: str | None = None
    selected_instruction: str | None = None
    picture_weights: dict[str, float] = {}
    split: str
    queries: int
    fingerprints: dict[str, str]
    versions: dict[str, str]
    hardware: dict[str, Any]
    training_seconds: float | None
    evaluation_seconds: float
    peak_gb: float
    trained_parameters: int
    figures: dict[str, dict[str, float | None]]
    looks: list[dict[str, float | None]]

    @model_validator(mode="after")
    def _says_what_is_needed(self) -> "Manifest":
        if REWARD in self.fingerprints and "reward" not in (self.training or {}):
            raise ValueError(f"fingerprints.{REWARD} is that of a reward, which training does not name")
        for method, values in self.figures.items():
            missing = next((metric for metric in NEEDED if values.get(metric) is None), None)
            if missing:
                raise ValueError(f"figures.{method} has no {missing}")
        for number, look in enumerate(self.looks):
            if look.get("step") is None or "dev_mrr" not in look:
                raise ValueError(f"looks.{number} has no {'dev_mrr' if look.get('step') is not None else 'step'}")
        return self

    @property
    def kept_step(self) -> float | None:
        """The step of the training whose adapter was measured: the first of the best on dev; None without training."""
        seen = [look for look in self.looks if look.get("dev_mrr") is not None]
        return max(seen, key=lambda look: look["dev_mrr"] or 0.0)["step"] if seen else None


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that figures depend on.

    `code` is the beginning of a SHA-256 over this package's own source: its version stays while it is worked on.
    """
    code = source_hash(Path(grape_rewrite.__file__).parent)[:CODE_DIGITS]
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}, "code": code}


def hardware(model: "PreTrainedModel") -> dict[str, Any]:
    """Return what a run ran on, and the number format of the model's frozen weights; no name of the machine.

    `accelerator_gb` is the most that tensors of this process have held there so far.
    """
    import torch

    weight = model.get_input_embeddings().weight
    device = str(weight.device)
    found: dict[str, Any] = {"system": f"{platform.system()} {platform.machine()}", "threads": torch.get_num_threads()}
    found["processor"] = processor()
    found["precision"] = str(weight.dtype).removeprefix("torch.")
    found["cores"] = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if device.startswith("cuda"):
        found["accelerator"] = torch.cuda.get_device_name(device)
        found["accelerator_gb"] = torch.cuda.max_memory_allocated(device) / 1e9
    return found


def processor() -> str:
    """Return the model name of the processor, or what the system says of it instead."""
    lines = CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines() if CPU_INFO.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def peak_gb() -> float:
    """Return the most memory that this process has held at once."""
    status = Path("/proc/self/status")
    if status.is_file():  # elsewhere the kernel counts the parent's memory from before the program began
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e9
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest.json`.

    :raises UserError: when the disk cannot take it.
    """
    write_text(folder / MANIFEST, manifest.model_dump_json(indent=1) + "\n")


def read_manifest(folder: Path) -> Manifest | None:
    """Read `manifest.json`; None when the run is not complete.

    :raises UserError: when it does not hold what it should.
    """
    path = folder / MANIFEST
    return read_document(path, Manifest) if path.exists() else None
