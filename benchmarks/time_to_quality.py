"""Time to quality: seconds of training until dev Recall@10 passes a fixed bar, the project's own leaderboard.

    .venv/bin/python benchmarks/time_to_quality.py --arm keep-all --arm grape --seeds 0 1 2

Counted is all that training takes on this machine's cores, preparations and steps, but for the looks at the dev
queries, which are taken every few steps (`--every`). A run ends when it has passed the bar, or after `--steps`; one
that never passes counts as infinite. Arms are those of `grape ablate`; they take turns, so that what else the machine
does meets them all alike, and `ratio` says how often an arm's median time goes into the first one's. The last line,
which `docs/evidence/leaderboard` keeps, is one JSON object; `benchmarks/results.py` makes `docs/leaderboard.md` of it.
"""

import argparse
import json
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from grape_rewrite.ablation.arms import DEFAULT, read_arms
from grape_rewrite.ablation.manifest import hardware, versions
from grape_rewrite.datasets import Dataset
from grape_rewrite.demo import RETRIEVER, REWRITER
from grape_rewrite.index import Index
from grape_rewrite.quiet import quiet_libraries
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting import Rewriter
from grape_rewrite.training import TrainingConfig, train
from grape_rewrite.training.config import DEMO_STEPS

BAR = 0.55
INFINITE = float("inf")


class PassedError(Exception):
    """The bar is passed: there is no need to train on."""


def main() -> None:
    """Train until the bar is passed, with each seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="scenes")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--bar", type=float, default=BAR, help="dev Recall@10 to pass (default: %(default)s)")
    parser.add_argument("--queries", type=int, default=520, help="dev queries (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=DEMO_STEPS, help="updates at most (default: %(default)s)")
    parser.add_argument("--every", type=int, default=2, help="steps from look to look (default: %(default)s)")
    parser.add_argument("--arm", action="append", help="as of grape ablate; repeat it (default: grape)")
    arguments = parser.parse_args()
    quiet_libraries()
    arms = read_arms(arguments.arm or [DEFAULT], {})
    dataset = Dataset.load(arguments.data)
    index = Retriever.load(RETRIEVER).index(dataset.corpus)
    budget = {"steps": arguments.steps, "evaluate_every": arguments.every, "dev_queries": arguments.queries}
    runs: dict[str, list[dict[str, Any]]] = {arm: [] for arm in arms}
    for seed in arguments.seeds:
        for arm, changes in arms.items():
            config = TrainingConfig.of(**{**budget, **changes, "seed": seed})
            runs[arm].append({"seed": seed, **run(config, arguments.bar, dataset, index)})
            print(json.dumps({"arm": arm, **runs[arm][-1]}), flush=True)
    times = {arm: median(found["training_seconds"] or INFINITE for found in made) for arm, made in runs.items()}
    first = times[next(iter(arms))]
    result = {
        "data": arguments.data,
        "bar": arguments.bar,
        "dev_queries": arguments.queries,
        "every": arguments.every,
        "code": versions()["code"],
        "hardware": hardware(Rewriter.load(REWRITER).model),
        "arms": {
            arm: {
                "changes": arms[arm],
                "training": TrainingConfig.of(**{**budget, **arms[arm]}).model_dump(mode="json"),
                "median_seconds": times[arm] if times[arm] < INFINITE else None,
                "ratio": first / times[arm] if times[arm] < INFINITE > first else None,
                "runs": made,
            }
            for arm, made in runs.items()
        },
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
            return {"passed": True, "training_seconds": seen[-1]["seconds"], "looks": seen}
    return {"passed": False, "training_seconds": None, "looks": seen}


if __name__ == "__main__":
    main()
