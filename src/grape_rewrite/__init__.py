"""GRAPE: train a query rewriter against a frozen retriever, with the retriever's own ranking as the reward.

    from grape_rewrite import Dataset, Retriever, Rewriter, evaluate, train

The names are imported when they are first used, so that `import grape_rewrite` stays fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grape_rewrite.datasets import Corpus, Dataset
    from grape_rewrite.errors import UserError
    from grape_rewrite.evaluation.rewriters import evaluate
    from grape_rewrite.index import Index
    from grape_rewrite.retrievers import Retriever
    from grape_rewrite.rewriting import Prompt, Rewriter
    from grape_rewrite.training import TrainingConfig, train

_HOMES = {
    "Corpus": "datasets",
    "Dataset": "datasets",
    "Index": "index",
    "Prompt": "rewriting",
    "Retriever": "retrievers",
    "Rewriter": "rewriting",
    "TrainingConfig": "training",
    "UserError": "errors",
    "evaluate": "evaluation.rewriters",
    "train": "training",
}

__all__ = [
    "Corpus",
    "Dataset",
    "Index",
    "Prompt",
    "Retriever",
    "Rewriter",
    "TrainingConfig",
    "UserError",
    "evaluate",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
