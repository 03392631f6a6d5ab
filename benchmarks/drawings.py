"""How sure the results are where pictures share drawings: intervals and tests that draw the drawings, and the seeds.

    .venv/bin/python benchmarks/drawings.py > docs/evidence/drawings.json

Pictures of `scenes`, `paragraphs` and `composed` show two drawings each, of sixty or so, and texts of `definitions`
define two things. The intervals of `grape ablate` are over items, as if each were of its own; here both things of an
item are drawn, which is wider, and of `composed` also the one that a query wants replaced; those that `paragraphs` say
are absent are not drawn. The comparisons of GRAPE with every other arm are those of the runs in `docs/evidence`. The
last line, on standard output, is one JSON object: study -> arm -> metric -> difference, low, high, and of several seeds
p and p_holm: Student's test of the same estimate, with Holm's correction over all comparisons of the study.
"""

import argparse
import json
import sys
from typing import Any

import numpy as np
from evidence import read_tasks
from task import PAIRED, Task

from grape_rewrite.ablation.arms import DEFAULT
from grape_rewrite.ablation.results import COMPARED
from grape_rewrite.datasets import Dataset
from grape_rewrite.evaluation.holm import holm
from grape_rewrite.evaluation.significance import Interval, pigeonhole_estimate, pigeonhole_interval


def main() -> None:
    """Compare in all studies of items of two things, and print."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    found = {}
    for name, task in read_tasks().items():
        if task.study.data in PAIRED and DEFAULT in task.arms:
            found[name] = compared(task)
            print(f"{name}: {len(found[name])} arms", file=sys.stderr)
    print(json.dumps(found))


def compared(task: Task) -> dict[str, dict[str, Any]]:
    """The default arm against all others: means over the seeds that both have, intervals and tests over drawings."""
    drawings = drawings_of(task)
    found: dict[str, dict[str, Any]] = {}
    tested: list[dict[str, float]] = []
    for arm in task.arms:
        if arm == DEFAULT:
            continue
        for metric in COMPARED:
            differences = list(task.differences(DEFAULT, arm, metric).values())
            if len(differences) > 1:
                estimate = pigeonhole_estimate(np.stack(differences), drawings, np.random.default_rng(0))
                row = rounded(estimate.interval()) | {"p": estimate.p}
                found.setdefault(arm, {})[metric] = row
                tested.append(row)
            elif differences:
                interval = pigeonhole_interval(np.stack(differences), drawings, np.random.default_rng(0))
                found.setdefault(arm, {})[metric] = rounded(interval)
    for row, adjusted in zip(tested, holm([row["p"] for row in tested]), strict=True):
        row |= {"p": float(f"{row['p']:.3g}"), "p_holm": float(f"{adjusted:.3g}")}
    return found


def rounded(interval: Interval) -> dict[str, float]:
    """An interval as the JSON has it."""
    row = {"difference": interval.mean, "low": interval.low, "high": interval.high}
    return {key: round(value, 5) for key, value in row.items()}


def drawings_of(task: Task) -> np.ndarray:
    """The things that each query of a study is about, (n, 2), in `composed` (n, 3).

    :raises SystemExit: when the data set is not the one that the study's runs were made on.
    """
    dataset = Dataset.load(task.study.data)
    split = task.study.measured(dataset)
    made = {run.fingerprints.get("data", dataset.fingerprint()) for run in task.manifests.values()}
    if made != {dataset.fingerprint()}:
        raise SystemExit(f"{task.folder} was measured on another {task.study.data!r} than this version builds")
    things = [things_of(query.id, next(iter(split.qrels[query.id]))) for query in split.queries]
    _, numbers = np.unique(things, return_inverse=True)
    return numbers.reshape(len(things), -1)


def things_of(query: str, item: str) -> list[str]:
    """The things of the item that a query asks for, and of the picture that it comes with, where its name has one."""
    picture, has_one, _ = query.partition(">")
    return sorted({*item.split("+"), *(picture.split("+") if has_one else [])})


if __name__ == "__main__":
    main()
