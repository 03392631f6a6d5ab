"""The rewriter: a language model with a prompt, and the fast way to sample from it and to score with it."""

from grape_rewrite.rewriting.prompt import Prompt
from grape_rewrite.rewriting.rewriter import Rewriter

__all__ = ["Prompt", "Rewriter"]
