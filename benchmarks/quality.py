"""What training is worth on the embedded default: several seeds, the test split, every baseline.

    .venv/bin/python benchmarks/quality.py --seeds 0 1 2

Each seed trains with the default hyperparameters, but for those of `--arm`, into `--out`/DATA-ARM/seed-N (a finished
one is used again) and is evaluated on the same test queries. The last line is one JSON object.
"""

import argparse
import json
import sys
from pathlib import Path
from statistics import mean, stdev

from grape_rewrite.ablation.arms import DEFAULT, read_arms
from grape_rewrite.datasets import Dataset
from grape_rewrite.demo import RETRIEVER, REWRITER, side_by_side
from grape_rewrite.evaluation.rewriters import evaluate
from grape_rewrite.index import Index
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting import Rewriter
from grape_rewrite.training import TrainingConfig, train
from grape_rewrite.training.run_folder import RunFolder

METRICS = ("recall@1", "recall@5", "recall@10", "mrr", "ndcg@10", "harm")


def main() -> None:
    """Train, evaluate, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--queries", type=int, default=10**9, help="test queries, all languages alike (default: all)")
    parser.add_argument("--data", choices=["scenes", "emoji"], default="scenes")
    parser.add_argument("--arm", default=DEFAULT, help="as of grape ablate, such as keep=8,steps=60 (default: grape)")
    parser.add_argument("--out", type=Path, default=Path("runs/quality"))
    arguments = parser.parse_args()

    dataset = Dataset.load(arguments.data)
    index = Retriever.load(RETRIEVER).index(dataset.corpus)
    split = dataset.test.sample(arguments.queries)
    changes = read_arms([arguments.arm], {})[arguments.arm]
    runs = arguments.out / f"{arguments.data}-{arguments.arm}"
    found: dict[int, dict] = {}
    untrained: dict[str, list[str]] = {}
    for seed in arguments.seeds:
        config = TrainingConfig.of(**changes, seed=seed)
        trained = rewriter_of(config, runs / f"seed-{seed}", dataset, index)
        # What is not trained rewrites alike beside every seed: once is enough.
        evaluation = evaluate({**side_by_side(trained, split), **untrained}, index, split, seed=seed)
        untrained = {name: evaluation.methods[name].rewrites for name in trained.baselines()}
        evaluation.write(runs / f"seed-{seed}")
        found[seed] = evaluation.summary

    methods = next(iter(found.values()))["methods"]
    result = {
        "data": arguments.data,
        "queries": len(split),
        "corpus": len(dataset.corpus),
        "changes": changes,
        "seeds": arguments.seeds,
        "methods": {
            name: {metric: spread([found[seed]["methods"][name][metric] for seed in found]) for metric in METRICS}
            for name in methods
        },
        "gains": {
            row["b"]: {
                "recall@10": spread([pick(found[seed], row["b"])["difference"] for seed in found]),
                "p": [pick(found[seed], row["b"])["p"] for seed in found],
            }
            for row in found[arguments.seeds[0]]["comparisons"]
            if row["metric"] == "recall@10"
        },
    }
    print(json.dumps(result))


def rewriter_of(config: TrainingConfig, folder: Path, dataset: Dataset, index: Index) -> Rewriter:
    """Return the rewriter that a run has trained, after training it if that has not been done."""
    run = RunFolder(folder)
    if run.is_finished:
        return Rewriter.load(str(folder))
    return train(
        Rewriter.load(REWRITER),
        index,
        dataset,
        out=folder,
        config=config,
        resume=run.last_checkpoint() is not None,
        watch=lambda row, _: show(config.seed, row),
    )


def show(seed: int, row: dict) -> None:
    """Print a step's dev figures to standard error."""
    if "dev_mrr" in row:
        figures = f"dev MRR {row['dev_mrr']:.4f}, dev Recall@10 {row['dev_recall@10']:.4f}"
        print(f"seed {seed}, step {row['step']}: {figures}", file=sys.stderr, flush=True)


def pick(summary: dict, baseline: str) -> dict:
    """Return the comparison in Recall@10 against a baseline."""
    return next(row for row in summary["comparisons"] if row["b"] == baseline and row["metric"] == "recall@10")


def spread(values: list[float]) -> dict[str, float]:
    """Return mean and standard deviation over the seeds."""
    return {"mean": mean(values), "std": stdev(values) if len(values) > 1 else 0.0}


if __name__ == "__main__":
    main()
