"""What a pool of candidates costs in exactness and saves in time, against ranks in the whole corpus.

    .venv/bin/python benchmarks/pools.py | tail -1 > docs/evidence/pools.json

Exactness: rewrites of train queries, sampled from the untrained rewriter in groups of 8, get their reward from the
whole corpus and from pools of several sizes and shares of hard items. `bias` and `error` are the mean and the root mean
square difference of the reward; `agreement` is the correlation of rewards within groups, which GRPO learns from.

Time: the reward of one training step (32 queries, 8 rewrites each) by the size of the corpus, on vectors of the
embedded retriever's length drawn at random; what they are does not change the time. The text tower's time is left out:
it is the same for both. The last line is one JSON object.
"""

import argparse
import json
import sys
import time
from typing import Any

import numpy as np

from grape_rewrite.ablation.arms import POOLS
from grape_rewrite.datasets import Corpus, Dataset, Item
from grape_rewrite.demo import REWRITER
from grape_rewrite.index import Index
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting import Rewriter
from grape_rewrite.training import TrainingConfig
from grape_rewrite.training.output_vocabulary import restrict_output
from grape_rewrite.training.queries import hard_items
from grape_rewrite.training.retrieval_reward import RetrievalReward

GROUP, QUERIES = 8, 32
RETRIEVERS = {"scenes": "lite-clip", "definitions-5k": "minilm", "emoji": "lite-clip"}
HARD = (0.0, 0.5)
CORPORA = (1_000, 10_000, 100_000, 1_000_000)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    usual = ["scenes", "definitions-5k"]
    parser.add_argument("--data", choices=RETRIEVERS, nargs="+", default=usual, help="default: %(default)s")
    parser.add_argument("--queries", type=int, default=160, help="train queries (default: %(default)s)")
    parser.add_argument("--draws", type=int, default=20, help="pools drawn for each query (default: %(default)s)")
    parser.add_argument("--largest", type=int, default=CORPORA[-1], help="largest corpus timed (default: %(default)s)")
    arguments = parser.parse_args()
    result = {
        "exactness": {data: exactness(data, arguments.queries, arguments.draws) for data in arguments.data},
        "milliseconds": [timing(size) for size in CORPORA if size <= arguments.largest],
    }
    print(json.dumps(result))


def exactness(data: str, queries: int, draws: int) -> list[dict[str, float]]:
    """Return bias, error and agreement for each pool of less than the corpus."""
    dataset = Dataset.load(data)
    index = Retriever.load(RETRIEVERS[data]).index(dataset.corpus)
    rewriter = Rewriter.load(REWRITER)
    restrict_output(rewriter, index, TrainingConfig())
    split = dataset.train.sample(queries)
    positives = split.positives(index.corpus)
    temperature = TrainingConfig().temperature
    rewrites = [text for texts in rewriter.rewrite(split.texts, GROUP, temperature, seed=0) for text in texts]
    rows = [positives[i // GROUP].tolist() for i in range(len(rewrites))]
    whole = np.array(RetrievalReward(index)(rewrites, rows))
    found = []
    for pool in (pool for pool in POOLS if pool < len(index.corpus)):
        for share in HARD:
            count = round(share * pool)
            hard = hard_items(rewriter, index, split, np.arange(len(split)), max(count, 1))
            strong = [hard[i // GROUP][:count] for i in range(len(rewrites))]
            sampled = np.array(
                [
                    RetrievalReward(index, uniform=pool - count, seed=seed)(
                        rewrites, rows, hard=strong, draw=[i // GROUP for i in range(len(rewrites))]
                    )
                    for seed in range(draws)
                ]
            )
            difference = sampled - whole
            row = {
                "corpus": len(index.corpus),
                "pool": pool,
                "hard": share,
                "bias": float(difference.mean()),
                "error": float(np.sqrt((difference**2).mean())),
                "agreement": agreement(sampled, whole),
            }
            print(json.dumps(row), file=sys.stderr)
            found.append(row)
    return found


def agreement(sampled: np.ndarray, whole: np.ndarray) -> float:
    """Return the correlation of rewards from which each group's mean is taken, over all draws."""

    def centred(values: np.ndarray) -> np.ndarray:
        groups = values.reshape(-1, GROUP)
        return (groups - groups.mean(axis=1, keepdims=True)).ravel()

    return float(
        np.corrcoef(np.concatenate([centred(row) for row in sampled]), np.tile(centred(whole), len(sampled)))[0, 1]
    )


class Random(Retriever):
    """Vectors drawn at random, made at once: what is timed is what comes after the text tower."""

    name, dimension, context, sees = "random", 384, None, False

    def embed_texts(self, texts: Any, batch_size: int = 64, progress: bool = False) -> np.ndarray:
        """Return (n, 384) unit rows."""
        return unit(np.random.default_rng(len(texts)), len(texts))

    def count_truncated(self, texts: Any) -> int:
        """Return 0: nothing is cut."""
        return 0

    def fingerprint(self) -> str:
        """Return the name."""
        return self.name


def unit(generator: np.random.Generator, count: int) -> np.ndarray:
    """Return (count, 384) unit rows."""
    rows = generator.standard_normal((count, Random.dimension), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def timing(size: int) -> dict[str, Any]:
    """Return the median milliseconds of a step's reward, by pool."""
    corpus = Corpus([Item(str(number), text="x") for number in range(size)])
    index = Index(Random(), corpus, unit(np.random.default_rng(0), size))
    generator = np.random.default_rng(1)
    rewrites = [f"rewrite {i}" for i in range(GROUP * QUERIES)]
    rows = [[int(row)] for row in np.repeat(generator.integers(0, size, QUERIES), GROUP)]
    draw = [i // GROUP for i in range(len(rewrites))]
    row: dict[str, Any] = {"corpus": size, "whole": median(lambda: RetrievalReward(index)(rewrites, rows))}
    for pool in POOLS:
        if pool <= size:
            hard = [generator.choice(size, pool // 2, replace=False).tolist() for _ in range(QUERIES)]
            strong = [hard[query] for query in draw]
            reward = RetrievalReward(index, uniform=pool - pool // 2)
            row[str(pool)] = median(lambda reward=reward, strong=strong: reward(rewrites, rows, hard=strong, draw=draw))
    print(json.dumps(row), file=sys.stderr)
    return row


def median(work: Any, repeats: int = 5) -> float:
    """Return the median milliseconds of some calls, after one that is not counted."""
    work()
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        found.append(1000 * (time.perf_counter() - start))
    return float(np.median(found))


if __name__ == "__main__":
    main()
