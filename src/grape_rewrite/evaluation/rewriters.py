"""Rewriters side by side: let each rewrite the queries of a split, measure what that costs, and evaluate."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from grape_rewrite.errors import UserError
from grape_rewrite.evaluation.evaluation import Evaluation, evaluate_methods
from grape_rewrite.rewriting import Rewriter
from grape_rewrite.strategies import Ask, Generations, Greedy, Strategy

if TYPE_CHECKING:
    from grape_rewrite.datasets import Split
    from grape_rewrite.index import Index


def evaluate(
    methods: "Mapping[str, Rewriter | Strategy | Sequence[str] | None]",
    index: "Index",
    split: "Split",
    seed: int = 0,
    progress: bool = False,
    enter: Callable[[str | None], None] | None = None,
) -> Evaluation:
    """Evaluate methods on a split: recall, MRR, nDCG, harm, score inflation, intervals and tests.

    A rewriter decodes greedily. Where it returns nothing, the query itself is searched with, as a deployed system
    would; `evaluation.json` counts these under `empty`. With a trained rewriter among the methods, all of them are
    searched with as it was trained (`AdapterFacts.searching`).

    :param methods: name -> a rewriter or a strategy; None for the raw queries; or one text for each query, such as
        human references.
    :param index: the embedded corpus.
    :param split: the queries and their judgements.
    :param seed: seed of bootstrap and tests.
    :param progress: show progress bars.
    :param enter: is called before each method with its name, and with None before the figures of all of them.
    :return: the evaluation; `.summary` is the content of `evaluation.json`.
    :raises UserError: see `evaluate_methods`; and when two trained rewriters are searched with in different ways.
    """
    index = _searched_as_trained(methods, index).of(split)
    rewrites: dict[str, Sequence[str | Ask] | None] = {}
    costs: dict[str, dict[str, float]] = {}
    for name, method in methods.items():
        if enter:
            enter(name)
        if method is None:
            rewrites[name] = None
            continue
        if isinstance(method, Sequence):
            rewrites[name] = list(method)
            continue
        strategy = Greedy(Generations(method, progress=progress)) if isinstance(method, Rewriter) else method
        asks = strategy(split.queries, index)
        rewrites[name] = asks
        costs[name] = {
            "rewrite_tokens": float(np.mean([ask.tokens for ask in asks])),
            "ms_per_query": 1000 * float(np.mean([ask.seconds for ask in asks])),
        }
    if enter:
        enter(None)
    return evaluate_methods(rewrites, index, split, seed=seed, costs=costs, progress=progress)


def _searched_as_trained(methods: "Mapping[str, Any]", index: "Index") -> "Index":
    """The index with the settings of the trained rewriters."""
    ways = {
        name: method.facts.searching
        for name, method in methods.items()
        if isinstance(method, Rewriter) and method.facts is not None
    }
    first = next(iter(ways), None)
    if first is None:
        return index
    other = next((name for name, way in ways.items() if way != ways[first]), None)
    if other is not None:
        raise UserError(
            f"{first!r} and {other!r} are searched with in different ways ({ways[first]}, {ways[other]}); evaluate "
            "them one by one"
        )
    return index.searched(**asdict(ways[first]))
