"""A look at the dev queries: how good the policy is now, and whether scores inflate."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from grape_rewrite.datasets import Split
from grape_rewrite.evaluation.inflation import Levels, inflation, score_levels
from grape_rewrite.index import Index
from grape_rewrite.rewriting.rewriter import Rewriter


def look(rewriter: Rewriter, index: Index, split: Split) -> dict[str, float]:
    """Rewrite the queries of a split greedily and search with them.

    :return: `dev_mrr`, `dev_recall@10`, `dev_rewrite_words`, and how much the scores rise over the raw queries'
        (`dev_d_pos`, `dev_d_neg`, `dev_d_hard`, `dev_margin`; see `evaluation.inflation`).
    """
    rewrites = rewriter.likeliest(split.texts)
    positives = split.positives(index.corpus)
    ranks = index.ranks(rewrites, positives)
    rise = inflation(_levels(index, rewrites, positives), _levels(index, split.texts, positives))
    return {
        "dev_mrr": float((1 / ranks).mean()),
        "dev_recall@10": float((ranks <= 10).mean()),
        "dev_rewrite_words": float(np.mean([len(text.split()) for text in rewrites])),
        **{f"dev_{name}": value for name, value in rise._asdict().items()},
    }


def _levels(index: Index, texts: Sequence[str], positives: Sequence[npt.NDArray[np.integer]]) -> Levels:
    parts, done = [], 0
    for scores in index.slabs(texts):
        parts.append(score_levels(scores, positives[done : done + len(scores)]))
        done += len(scores)
    return Levels(*(np.concatenate(level) for level in zip(*parts, strict=True)))
