"""What `make demo` takes on a fresh clone with an empty cache: minutes, memory, and what it reaches.

    .venv/bin/python benchmarks/demo.py

Clones what is committed into a temporary folder, runs `make demo` there, installation included, and again, when all but
training and evaluation is there. Memory is that of all its processes together at the peak, looked at twice a second;
what they share is counted once. The last line, which `docs/evidence/demo.json` keeps, is one JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from grape_rewrite.ablation.manifest import processor

VERSIONS = "import json; from grape_rewrite.ablation.manifest import versions; print(json.dumps(versions()))"
ROOT = Path(__file__).parent.parent
TIMES = 2
EVERY = 0.5  # seconds between two looks at the memory


def main() -> None:
    """Clone, run, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=TIMES, help="one after the other (default: %(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", "--no-local", ROOT, clone], check=True)
        environment = {**os.environ, "GRAPE_CACHE": str(Path(folder) / "cache")}
        runs = [run(clone, environment) for _ in range(arguments.times)]
        versions = subprocess.check_output([clone / ".venv" / "bin" / "python", "-c", VERSIONS])
    machine = {"processor": processor(), "cores": len(os.sched_getaffinity(0))}
    print(json.dumps({**machine, "versions": json.loads(versions), "runs": runs}))


def run(clone: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Run `make demo` once; return its seconds, its peak of memory in GB, and Recall@10 of what it compares."""
    start = time.perf_counter()
    process = psutil.Popen(["make", "demo"], cwd=clone, env=environment, stdout=sys.stderr)
    peak = 0
    while process.poll() is None:
        peak = max(peak, memory(process))
        time.sleep(EVERY)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"make demo ended with code {process.returncode}")
    methods = json.loads((clone / "runs" / "demo" / "evaluation.json").read_text(encoding="utf-8"))["methods"]
    recall = {name: figures["recall@10"] for name, figures in methods.items()}
    return {"seconds": seconds, "peak_gb": peak / 1e9, "recall@10": recall}


def memory(process: psutil.Process) -> int:
    """Bytes that a process and all its descendants hold, each shared page counted once."""
    held = 0
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return held
    for member in family:
        try:
            held += member.memory_full_info().pss
        except psutil.Error:  # it has ended meanwhile
            continue
    return held


if __name__ == "__main__":
    main()
