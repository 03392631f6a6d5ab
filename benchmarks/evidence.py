"""`docs/evidence`: the studies that were made, of which the small files are kept, and what else was measured."""

import json
import shutil
from pathlib import Path
from typing import Any

from task import Task

from grape_rewrite.ablation import read_study
from grape_rewrite.ablation.manifest import MANIFEST, read_manifest
from grape_rewrite.ablation.outcomes import OUTCOMES
from grape_rewrite.ablation.study import STUDY

DOCS = Path(__file__).parent.parent / "docs"
EVIDENCE = DOCS / "evidence"


def read_tasks(evidence: Path = EVIDENCE) -> dict[str, Task]:
    """All studies, by the names of their folders, in order."""
    return {path.parent.name: Task(path.parent) for path in sorted(evidence.glob(f"*/{STUDY}"))}


def read_json(path: Path) -> Any:
    """What a script measured; None where it was not run."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def collect(study: Path, target: Path) -> None:
    """Copy the small files of a study's complete runs."""
    jobs = list(read_study(study).jobs())  # a mistyped folder leaves nothing behind
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(study / STUDY, target)
    for job in jobs:
        folder = job.folder(study)
        if read_manifest(folder):
            kept = job.folder(target)
            kept.mkdir(parents=True, exist_ok=True)
            for name in (OUTCOMES, MANIFEST):
                shutil.copy(folder / name, kept)
