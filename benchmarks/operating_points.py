"""Operating points on test: what is chosen on dev for trained rewriters, against the plain rewrite.

    .venv/bin/python benchmarks/operating_points.py runs/scenes/grape/seed-* > points.txt

For each run: every strategy is measured on dev; `fast`, `safe`, `best` and `mildest` (the least harm of all that
rewrite) are chosen there, and these, the plain rewrite and that of the same prompt untrained are measured on the test
split. The last line, which `docs/evidence/operating_points` keeps, is one JSON object; `harmed` has the places of the
queries that rank worse than raw, `clusters` the number of the items that each query asks for.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from grape_rewrite.ablation.manifest import hardware, versions
from grape_rewrite.datasets import Dataset
from grape_rewrite.evaluation.operating_points import DEV_QUERIES, KINDS, UNGUARDED, choose, measure_points
from grape_rewrite.evaluation.rewriters import evaluate
from grape_rewrite.evaluation.summary import cluster_labels
from grape_rewrite.fitting import fitted
from grape_rewrite.index import Index
from grape_rewrite.quiet import quiet_libraries
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting import Rewriter
from grape_rewrite.rewriting.adapter import read_adapter
from grape_rewrite.strategies import Generations, strategy_of
from grape_rewrite.training.run_folder import RunFolder

MILDEST = "mildest"
UNTRAINED = "untrained"
METRICS = ("recall@10", "mrr", "harm", "rewrite_tokens", "ms_per_query")


def main() -> None:
    """Choose on dev, measure on test, for each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", help="folders of trained rewriters")
    parser.add_argument("--data", default="scenes")
    parser.add_argument("--dev-queries", type=int, default=DEV_QUERIES)
    parser.add_argument("--queries", type=int, default=1300, help="test queries, all languages alike")
    arguments = parser.parse_args()
    found = {(*trained_with(folder), read_adapter(folder).retriever) for folder in arguments.runs}
    if len(found) > 1:  # said before the long work, not after it
        parser.error(f"runs of {sorted(found)} steps, distinct and retriever; measure those that are alike together")
    [(steps, distinct, retriever)] = found
    quiet_libraries()
    dataset = Dataset.load(arguments.data)
    index = Retriever.load(retriever).index(dataset.corpus)
    runs = []
    for folder in arguments.runs:
        runs.append({"run": f"{folder.parent.name}/{folder.name}", **points_of(folder, index, dataset, arguments)})
        print(json.dumps(runs[-1]), flush=True)
    positives = dataset.test.sample(arguments.queries).positives(index.corpus)
    made = {"hardware": hardware(Rewriter.load(str(arguments.runs[0])).model), "code": versions()["code"]}
    result = {"data": arguments.data, "steps": steps, "distinct": distinct, **made, "runs": runs}
    print(json.dumps({**result, "clusters": cluster_labels(positives).tolist()}))


def trained_with(folder: Path) -> tuple[int, float]:
    """The steps of a run's training (an adapter's own are those of its best step), and its `distinct`."""
    config = json.loads(RunFolder(folder).config.read_text(encoding="utf-8"))
    return int(config["steps"]), float(config["distinct"])


def points_of(folder: Path, index: Index, dataset: Dataset, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the strategies that dev chooses for a rewriter, and what they and the plain rewrite reach on test."""
    rewriter = fitted(Rewriter.load(str(folder)), index)
    generations = Generations(rewriter)
    points = measure_points(generations, index, dataset.dev.sample(arguments.dev_queries))
    mildest = min((point for point in points if point.tokens), key=lambda point: (point.harm, -point.recall))
    chosen = {kind: choose(points, kind).strategy for kind in KINDS}
    names = {UNGUARDED: UNGUARDED, **chosen, MILDEST: mildest.strategy}
    methods = {"raw": None, **{name: strategy_of(name, generations) for name in dict.fromkeys(names.values())}}
    methods[UNTRAINED] = strategy_of(UNGUARDED, Generations(rewriter.baselines()["few-shot"]))
    evaluation = evaluate(methods, index, dataset.test.sample(arguments.queries))
    found, ranks = evaluation.summary["methods"], {name: method.ranks for name, method in evaluation.methods.items()}
    tested = {**names, UNTRAINED: UNTRAINED}
    return {
        "strategies": names,
        "dev": [asdict(point) for point in points],
        "test": {kind: {metric: found[name][metric] for metric in METRICS} for kind, name in tested.items()},
        "harmed": {kind: np.flatnonzero(ranks[name] > ranks["raw"]).tolist() for kind, name in tested.items()},
    }


if __name__ == "__main__":
    main()
