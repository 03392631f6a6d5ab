"""Looks at the dev queries: how good the policy is now, and whether scores inflate."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from grape_rewrite.datasets import Split
from grape_rewrite.evaluation.inflation import Levels, inflation, score_levels
from grape_rewrite.index import Index
from grape_rewrite.rewards import best_positive_rank
from grape_rewrite.rewriting.rewriter import Rewriter


class Look:
    """Measures a policy on the queries of a split; their raw scores are computed once.

    :param rewriter: the policy, which changes between two looks.
    :param index: the embedded corpus.
    :param split: the dev queries.
    """

    def __init__(self, rewriter: Rewriter, index: Index, split: Split) -> None:
        self._rewriter, self._index, self._texts = rewriter, index, split.texts
        self._positives = split.positives(index.corpus)
        _, self._raw = self._search(split.texts)

    def __call__(self) -> dict[str, float]:
        """Rewrite greedily and search.

        :return: `dev_mrr`, `dev_recall@10`, `dev_rewrite_words`, and how much the scores rise over the raw queries'
            (`dev_d_pos`, `dev_d_neg`, `dev_d_hard`, `dev_margin`; see `evaluation.inflation`).
        """
        rewrites = self._rewriter.likeliest(self._texts)
        ranks, levels = self._search(rewrites)
        return {
            "dev_mrr": float((1 / ranks).mean()),
            "dev_recall@10": float((ranks <= 10).mean()),
            "dev_rewrite_words": float(np.mean([len(text.split()) for text in rewrites])),
            **{f"dev_{name}": value for name, value in inflation(levels, self._raw)._asdict().items()},
        }

    def _search(self, texts: Sequence[str]) -> tuple[npt.NDArray[np.float64], Levels]:
        """Return the ranks and the score levels of texts."""
        ranks, levels = [], []
        for part, scores in self._index.slabs(self._index.embed(texts)):
            ranks.append(best_positive_rank(scores, self._positives[part]))
            levels.append(score_levels(scores, self._positives[part]))
        return np.concatenate(ranks), Levels(*(np.concatenate(level) for level in zip(*levels, strict=True)))
