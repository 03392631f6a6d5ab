"""Time to quality: seconds of training until dev Recall@10 passes a fixed bar, the project's own leaderboard.

    .venv/bin/python benchmarks/time_to_quality.py --seeds 0 1 2

Counted is all that training takes on this machine's cores, preparations and steps, but for the looks at the dev
queries, which are taken every five steps. A run ends when it has passed the bar, or after `--steps`; one that never
passes counts as infinite. Other hyperparameters are tried as arms of `grape ablate`: `--arm keep=8,oversample=2`. The
last line is one JSON object.
"""

import argparse
import json
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from grape_rewrite.ablation.arms import DEFAULT, read_arms
from grape_rewrite.datasets import Dataset
from grape_rewrite.demo import RETRIEVER, REWRITER
from grape_rewrite.index import Index
from grape_rewrite.quiet import quiet_libraries
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting import Rewriter
from grape_rewrite.training import TrainingConfig, train

BAR = 0.55
EVERY = 5


class PassedError(Exception):
    """The bar is passed: there is no need to train on."""


def main() -> None:
    """Train until the bar is passed, with each seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="scenes")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--bar", type=float, default=BAR, help="dev Recall@10 to pass (default: %(default)s)")
    parser.add_argument("--queries", type=int, default=520, help="dev queries (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=TrainingConfig().steps, help="updates at most")
    parser.add_argument("--arm", default=DEFAULT, help="as of grape ablate, such as keep-all (default: grape)")
    arguments = parser.parse_args()
    quiet_libraries()
    changes = read_arms([arguments.arm], {})[arguments.arm]
    dataset = Dataset.load(arguments.data)
    index = Retriever.load(RETRIEVER).index(dataset.corpus)
    runs = []
    for seed in arguments.seeds:
        budget = {"steps": arguments.steps, "evaluate_every": EVERY, "dev_queries": arguments.queries}
        config = TrainingConfig.of(**{**budget, **changes, "seed": seed})
        runs.append({"seed": seed, **run(config, arguments.bar, dataset, index)})
        print(json.dumps(runs[-1]), flush=True)
    times = [found["seconds"] if found["passed"] else float("inf") for found in runs]
    result = {
        "data": arguments.data,
        "bar": arguments.bar,
        "changes": changes,
        "median_seconds": median(times) if median(times) < float("inf") else None,
        "runs": runs,
    }
    print(json.dumps(result))


def run(config: TrainingConfig, bar: float, dataset: Dataset, index: Index) -> dict[str, Any]:
    """Train until the bar is passed, and tell when that was and what was seen on the way."""
    seen: list[dict[str, float]] = []
    looking = 0.0

    def watch(row: dict[str, Any], _: Any) -> None:
        nonlocal looking
        if "dev_recall@10" not in row:
            return
        looking += row["look_seconds"]
        seen.append({"step": row["step"], "seconds": row["seconds"] - looking, "recall@10": row["dev_recall@10"]})
        if row["dev_recall@10"] >= bar:
            raise PassedError

    with tempfile.TemporaryDirectory() as folder:
        try:
            train(Rewriter.load(REWRITER), index, dataset, Path(folder) / "run", config, watch=watch)
        except PassedError:
            return {"passed": True, **seen[-1], "looks": seen}
    return {"passed": False, **seen[-1], "looks": seen}


if __name__ == "__main__":
    main()
