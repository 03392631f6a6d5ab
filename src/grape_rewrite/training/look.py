"""Looks at the dev queries: how good the policy is now, and whether scores inflate."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from grape_rewrite.datasets import Split
from grape_rewrite.evaluation.inflation import Levels, inflation, score_levels
from grape_rewrite.index import Index
from grape_rewrite.rewards import best_positive_rank
from grape_rewrite.rewriting.prompt import Prompt
from grape_rewrite.rewriting.rewriter import Rewriter


class Look:
    """Measures a policy on the queries of a split; their raw scores are computed once.

    :param rewriter: the policy, which changes between two looks.
    :param index: the embedded corpus.
    :param split: the dev queries.
    :param prompt: what it is asked with; by default its own.
    """

    def __init__(self, rewriter: Rewriter, index: Index, split: Split, prompt: Prompt | None = None) -> None:
        index = index.of(split)
        self._rewriter, self._index, self._queries = rewriter, index, split.queries
        self._prompt = prompt or rewriter.prompt
        self._positives, self._excluded = split.positives(index.corpus), split.excluded(index.corpus)
        self._asked = index.asked(split.queries, rewriter.sees)
        _, self._raw = self._search(split.texts)

    def __call__(self) -> dict[str, float]:
        """Rewrite greedily and search.

        :return: `dev_mrr`, `dev_recall@10`, `dev_rewrite_words`, and how much the scores rise over the raw queries'
            (`dev_d_pos`, `dev_d_neg`, `dev_d_hard`, `dev_margin`; see `evaluation.inflation`).
        """
        # The adapter is put on the model after a look is made, so a copy of the rewriter must not be older than that.
        rewrites = self._rewriter.with_prompt(self._prompt).likeliest(self._asked)
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
        for part, scores in self._index.slabs(self._index.embed(texts, self._queries), self._excluded):
            ranks.append(best_positive_rank(scores, self._positives[part]))
            levels.append(score_levels(scores, self._positives[part]))
        return np.concatenate(ranks), Levels(*(np.concatenate(level) for level in zip(*levels, strict=True)))


class Looks:
    """Measures a policy on several tasks at once.

    :param looks: name of a task -> its look.
    """

    def __init__(self, looks: Mapping[str, Look]) -> None:
        self._looks = looks

    def __call__(self) -> dict[str, float]:
        """Return what `Look` does, the means over the tasks; of several also each one's own, under `KEY/TASK`."""
        found = {name: look() for name, look in self._looks.items()}
        if len(found) == 1:
            return next(iter(found.values()))
        keys = next(iter(found.values()))
        means = {key: float(np.mean([figures[key] for figures in found.values()])) for key in keys}
        return {**means, **{f"{key}/{name}": figures[key] for name, figures in found.items() for key in figures}}
