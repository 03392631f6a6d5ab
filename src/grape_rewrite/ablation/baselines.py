"""What can be had without training, from the same model."""

from dataclasses import replace
from typing import Any

from grape_rewrite.datasets import Split
from grape_rewrite.index import Index
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.strategies import Generations, Greedy, strategy_of

FUSED = {
    "hyde": f"mean-8+raw-{1 / 9:.4f}",  # eight captions and the query, all alike
    "query2doc": "query2doc",
    "mean": "mean-8",
    "rrf": "rrf-8",
    "confident": "confident-8",
    "interpolated": "greedy+raw-0.2",
}
LONGER = (
    "",
    "Use the words that most people would use.",
    "Write it as a short caption. Explain nothing, and add nothing that was not asked for.",
    "A search engine that reads nothing else will look for it: name each thing, and leave no word as it was.",
    "The query may be in any language. Think of what its writer wants to find, name each thing once with the words "
    "that most people would use, in the order of the query, and add nothing that was not asked for.",
)
"""What is added to an instruction when the best of several is chosen."""


def select_prompt(rewriter: Rewriter, index: Index, dev: Split) -> Prompt:
    """Return the prompt with the best mean reciprocal rank on dev: the rewriter's own, or with a longer instruction.

    :param rewriter: the untrained rewriter.
    :param index: the embedded corpus.
    :param dev: the queries to choose by.
    """
    positives, excluded = dev.positives(index.corpus), dev.excluded(index.corpus)
    own = rewriter.prompt
    prompts = [replace(own, instruction=f"{own.instruction} {words}".strip()) for words in LONGER]

    def quality(prompt: Prompt) -> float:
        rewrites = rewriter.with_prompt(prompt).likeliest(dev.texts)
        return float((1 / index.ranks(rewrites, positives, excluded)).mean())

    return max(prompts, key=quality)


def training_free(
    rewriter: Rewriter, split: Split, selected: Prompt, temperature: float, seed: int = 0
) -> dict[str, Any]:
    """Return the methods of `evaluate` that need no training, raw first.

    `english` are the human references, where every query has one; `hyde`, `query2doc`, and the fusions of 8 samples use
    the rewriter with its examples.

    :param rewriter: the untrained rewriter.
    :param split: the queries.
    :param selected: the prompt of `prompt-selection`, see `select_prompt`.
    :param temperature: of the sampling.
    :param seed: of the sampling.
    """
    made = {name: Generations(method, temperature, seed) for name, method in rewriter.baselines().items()}
    best = list(made.values())[-1]
    own = selected == rewriter.prompt  # then it is the best of those above
    chosen = best if own else Generations(rewriter.with_prompt(selected), temperature, seed)
    return {
        "raw": None,
        **{name: Greedy(generations) for name, generations in made.items()},
        "prompt-selection": Greedy(chosen),
        **{name: strategy_of(spec, best) for name, spec in FUSED.items()},
        **({"english": split.references} if split.references else {}),
    }
