"""What can be had without training, from the same model with the same prompt."""

from typing import Any

from grape_rewrite.datasets import Split
from grape_rewrite.rewriting import Rewriter
from grape_rewrite.strategies import Generations, Greedy, strategy_of

FUSED = {
    "hyde": f"mean-8+raw-{1 / 9:.4f}",  # eight captions and the query, all alike
    "query2doc": "query2doc",
    "mean": "mean-8",
    "rrf": "rrf-8",
    "confident": "confident-8",
    "interpolated": "greedy+raw-0.2",
}


def training_free(rewriter: Rewriter, split: Split, temperature: float, seed: int = 0) -> dict[str, Any]:
    """Return the methods of `evaluate` that need no training, raw first.

    `english` are the human references, where every query has one; `hyde`, `query2doc`, and the fusions of 8 samples use
    the rewriter with its examples.

    :param rewriter: the untrained rewriter.
    :param split: the queries.
    :param temperature: of the sampling.
    :param seed: of the sampling.
    """
    made = {name: Generations(method, temperature, seed) for name, method in rewriter.baselines().items()}
    best = list(made.values())[-1]
    return {
        "raw": None,
        **{name: Greedy(generations) for name, generations in made.items()},
        **{name: strategy_of(spec, best) for name, spec in FUSED.items()},
        **({"english": split.references} if split.references else {}),
    }
