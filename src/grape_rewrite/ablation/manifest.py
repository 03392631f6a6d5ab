"""What a run was: enough to make it again, and to refuse to compare it with another of its kind."""

import json
import os
import platform
import resource
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from grape_rewrite.atomic import write_text
from grape_rewrite.errors import UserError

MANIFEST = "manifest.json"
PACKAGES = ("grape-rewrite", "torch", "transformers", "trl", "peft", "numpy")


class Manifest(BaseModel):
    """The content of `manifest.json`, which is written last: a run with one is complete.

    Times are in seconds, memory in GB (10^9 bytes) of the process at its peak. `figures` are those of the evaluation by
    method, `looks` the rows of the history with dev figures.
    """

    model_config = ConfigDict(extra="forbid")

    arm: str
    seed: int
    training: dict[str, Any] | None
    data: str
    split: str
    queries: int
    fingerprints: dict[str, str]
    base_model: str
    versions: dict[str, str]
    hardware: dict[str, Any]
    training_seconds: float | None
    evaluation_seconds: float
    peak_gb: float
    trained_parameters: int
    figures: dict[str, dict[str, float | None]]
    looks: list[dict[str, float]]


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that figures depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def hardware(device: str) -> dict[str, Any]:
    """Return what a run ran on; no name of the machine."""
    import torch

    found: dict[str, Any] = {"system": f"{platform.system()} {platform.machine()}", "threads": torch.get_num_threads()}
    found["cores"] = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if device.startswith("cuda"):
        found["accelerator"] = torch.cuda.get_device_name(device)
    return found


def peak_gb() -> float:
    """Return the most memory that this process has held at once."""
    unit = 1 if sys.platform == "darwin" else 1024  # Linux counts in KiB
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
    if not path.is_file():
        return None
    try:
        return Manifest.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, ValidationError) as error:
        raise UserError(f"{path} is no manifest of this version: {str(error).splitlines()[0]}") from error
