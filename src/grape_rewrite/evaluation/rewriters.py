"""Rewriters side by side: let each rewrite the queries of a split, measure what that costs, and evaluate."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from grape_rewrite.evaluation.evaluation import Evaluation, evaluate_methods

if TYPE_CHECKING:
    from grape_rewrite.datasets import Split
    from grape_rewrite.index import Index
    from grape_rewrite.rewriting import Rewriter


def evaluate(
    methods: "Mapping[str, Rewriter | Sequence[str] | None]",
    index: "Index",
    split: "Split",
    seed: int = 0,
    progress: bool = False,
) -> Evaluation:
    """Evaluate methods on a split: recall, MRR, nDCG, harm, score inflation, intervals and tests.

    A rewriter decodes greedily. Where it returns nothing, the query itself is searched with, as a deployed system
    would; `evaluation.json` counts these under `empty`.

    :param methods: name -> a rewriter; None for the raw queries; or one text for each query, such as human references.
    :param index: the embedded corpus.
    :param split: the queries and their judgements.
    :param seed: seed of bootstrap and tests.
    :param progress: show progress bars.
    :return: the evaluation; `.summary` is the content of `evaluation.json`.
    :raises UserError: see `evaluate_methods`.
    """
    rewrites: dict[str, list[str] | None] = {}
    costs: dict[str, dict[str, float]] = {}
    for name, method in methods.items():
        if method is None:
            rewrites[name] = None
            continue
        if isinstance(method, Sequence):
            rewrites[name] = list(method)
            continue
        start = time.perf_counter()
        texts = [found[0] for found in method.rewrite(split.texts, progress=progress)]
        seconds = time.perf_counter() - start
        costs[name] = {
            "rewrite_tokens": float(np.mean([len(ids) for ids in method.tokenizer(texts)["input_ids"]])),
            "ms_per_query": 1000 * seconds / len(split),
        }
        rewrites[name] = [text or query for text, query in zip(texts, split.texts, strict=True)]
    return evaluate_methods(
        rewrites, index, split, reference=next(iter(methods)), seed=seed, costs=costs, progress=progress
    )
