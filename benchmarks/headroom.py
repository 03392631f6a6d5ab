"""What `grape headroom` says before training, beside what training then gains, on all data sets.

    .venv/bin/python benchmarks/headroom.py > docs/evidence/headroom.json

For the first study of short training of each data set in `docs/evidence`: dev queries, all languages alike, ranked raw,
by the study's untrained rewriter, and by the best of a group of its samples. What training gains on test is in the
study; `benchmarks/results.py` puts both side by side. The last line, on standard output, is one JSON object.
"""

import argparse
import json
import sys
from dataclasses import asdict

from evidence import read_tasks
from studies import firsts

from grape_rewrite.ablation.study import Study
from grape_rewrite.datasets import Dataset
from grape_rewrite.evaluation.headroom import Headroom, measure_headroom
from grape_rewrite.fitting import fitted
from grape_rewrite.quiet import quiet_libraries
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting import Rewriter
from grape_rewrite.training import TrainingConfig

QUERIES = 200  # as the command takes by default


def main() -> None:
    """Measure each data set and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=QUERIES, help="dev queries (default: %(default)s)")
    arguments = parser.parse_args()
    quiet_libraries()
    found = {}
    for name, task in firsts(read_tasks()).items():
        measured = of_study(task.study, arguments.queries)
        print(f"{name}: {measured.verdict}", file=sys.stderr)
        found[name] = {**asdict(measured), "verdict": measured.verdict}
    print(json.dumps(found))


def of_study(study: Study, queries: int) -> Headroom:
    """What there is to win on a study's dev queries before any training."""
    shared = TrainingConfig.of(**study.training)
    dataset = Dataset.load(study.data)
    index = Retriever.load(study.retriever).index(dataset.corpus)
    rewriter = Rewriter.load(study.rewriter, study.prompt, shared.max_tokens, precision=study.precision)
    rewriter = fitted(rewriter, index, shared.searching)
    return measure_headroom(rewriter, index, dataset.dev.sample(queries), shared.group, temperature=shared.temperature)


if __name__ == "__main__":
    main()
