"""What can be had without training, from the same model."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from grape_rewrite.ablation.methods import DRAWN, FUSED
from grape_rewrite.datasets import Split
from grape_rewrite.index import Index
from grape_rewrite.rewards import best_positive_rank
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.strategies import (
    EmbeddedAsks,
    Generations,
    Greedy,
    Pictured,
    Raw,
    Strategy,
    alone,
    embed_asks,
    strategy_of,
)

LONGER = (
    "",
    "Use the words that most people would use.",
    "Write it as a short caption. Explain nothing, and add nothing that was not asked for.",
    "A search engine that reads nothing else will look for it: name each thing, and leave no word as it was.",
    "The query may be in any language. Think of what its writer wants to find, name each thing once with the words "
    "that most people would use, in the order of the query, and add nothing that was not asked for.",
)
"""What is added to an instruction when the best of several is chosen."""
PLAIN = (
    'The English translation of "{query}" is "',
    '"{query}" means "',
    'In plain English, "{query}" is a picture of',
    "{query}\n\nIn a few plain English words, it shows",
)
"""Templates without instruction and examples, among which zero-shot is chosen beside the prompt's own."""
WEIGHTS = tuple(round(0.1 * step, 1) for step in range(11))
"""Shares of a query's own picture of which the best is chosen."""


def longer_prompts(own: Prompt) -> list[Prompt]:
    """The prompt with its examples, as it is and with longer instructions."""
    return [replace(own, instruction=f"{own.instruction} {words}".strip()) for words in LONGER]


def plain_prompts(own: Prompt) -> list[Prompt]:
    """The prompt without its examples, and others that have none: a small model may read another template better."""
    return [own.zero_shot(), *(Prompt("", template, answer_after=own.answer_after) for template in PLAIN)]


def select_prompt(rewriter: Rewriter, index: Index, dev: Split, prompts: Sequence[Prompt]) -> Prompt:
    """Return the prompt with the best mean reciprocal rank on dev, the first of those that are equal.

    :param rewriter: the untrained rewriter.
    :param index: the embedded corpus.
    :param dev: the queries to choose by.
    :param prompts: at least one.
    """
    index = index.of(dev)
    asked = index.asked(dev.queries, rewriter.sees)

    def quality(prompt: Prompt) -> float:
        rewrites = rewriter.with_prompt(prompt).likeliest(asked)
        return float((1 / index.ranks(rewrites, dev)).mean())

    return max(prompts, key=quality)


def training_free(
    rewriter: Rewriter, split: Split, plain: Prompt, selected: Prompt, temperature: float
) -> dict[str, Any]:
    """Return the methods of `evaluate` that need no training, raw first.

    `english` are the human references, where every query has one; `hyde`, `query2doc`, and the fusions of 8 samples use
    the rewriter with its examples.

    :param rewriter: the untrained rewriter.
    :param split: the queries.
    :param plain: the prompt of `zero-shot`, one without examples; see `select_prompt`.
    :param selected: the prompt of `prompt-selection`.
    :param temperature: of the sampling, with seed 0.
    """
    asked = {**rewriter.baselines(), "zero-shot": rewriter.with_prompt(plain)}
    made = {name: Generations(method, temperature) for name, method in asked.items()}
    best = made.get("few-shot", made["zero-shot"])  # which is the prompt itself where it has no examples
    known = {rewriter.prompt: best, plain: made["zero-shot"]}
    chosen = known.get(selected) or Generations(rewriter.with_prompt(selected), temperature)
    return {
        "raw": None,
        **{name: Greedy(generations) for name, generations in made.items()},
        "prompt-selection": Greedy(chosen),
        **{name: strategy_of(spec, best) for name, spec in FUSED.items()},
        **({"english": split.references} if split.references else {}),
    }


def drawn_again(rewriter: Rewriter, temperature: float, seed: int) -> dict[str, Any]:
    """Return those of `training_free` that sample, with raw queries first, which they are held against.

    :param rewriter: the untrained rewriter, with its examples or, where it has none, the prompt of `zero-shot`.
    :param temperature: of the sampling.
    :param seed: of the sampling.
    """
    made = Generations(rewriter, temperature, seed)
    return {"raw": None, **{name: strategy_of(FUSED[name], made) for name in DRAWN}}


def with_pictures(methods: Mapping[str, Any], index: Index, dev: Split) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the methods and, where queries have pictures, each way to ask fused with the picture as is best on dev.

    Fusion is open to all of them, so that what a trained rewriter gains is not merely a better weight.

    :param methods: as `training_free` returns them.
    :param index: the embedded corpus.
    :param dev: the queries to choose the weights by.
    :return: the methods, and the weight of each that was added; `image` and `text` are the two alone.
    """
    if not dev.pictured:
        return dict(methods), {}
    strategies = {"raw": Raw(), **{name: method for name, method in methods.items() if callable(method)}}
    weights = {f"{name}+image": best_weight(strategy, index, dev) for name, strategy in strategies.items()}
    fused = {f"{name}+image": Pictured(strategy, weights[f"{name}+image"]) for name, strategy in strategies.items()}
    return {**methods, **alone(), **fused}, weights


def best_weight(strategy: Strategy, index: Index, dev: Split) -> float:
    """Return the weight of the queries' own pictures, one of `WEIGHTS`, with the best mean reciprocal rank on dev."""
    index = index.of(dev)
    vectors: dict[str, np.ndarray] = {}
    positives, excluded = dev.positives(index.corpus), dev.excluded(index.corpus)

    def quality(weight: float) -> float:
        asks = Pictured(strategy, weight)(dev.queries, index)  # what is asked may go by what the weight lets it find
        vectors.update(embed_asks([ask for ask in asks if not vectors.keys() >= set(ask.texts)], index))
        slabs = EmbeddedAsks(asks, index, vectors, dev.queries, excluded).slabs()
        return float(
            np.mean(np.concatenate([1 / best_positive_rank(scores, positives[part]) for part, scores in slabs]))
        )

    return max(WEIGHTS, key=quality)
