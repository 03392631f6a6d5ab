"""The rewriter: a language model with a prompt, and the fast way to sample from it and to score with it.

`Rewriter` is imported when it is first used, so that a prompt can be checked before anything heavy loads.
"""

from typing import TYPE_CHECKING, Any

from grape_rewrite.rewriting.prompt import Prompt

if TYPE_CHECKING:
    from grape_rewrite.rewriting.rewriter import Rewriter

__all__ = ["Prompt", "Rewriter"]


def __getattr__(name: str) -> Any:
    if name != "Rewriter":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from grape_rewrite.rewriting.rewriter import Rewriter

    return Rewriter
