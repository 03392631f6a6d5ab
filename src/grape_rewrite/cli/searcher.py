"""What the commands that search do it with, as their options name it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grape_rewrite.cli.adapters import check_adapter, check_rewriters, retriever_of
from grape_rewrite.cli.load import load_index, load_retriever, load_rewriter
from grape_rewrite.cli.options import read_prompt, read_searching

if TYPE_CHECKING:
    from grape_rewrite.datasets import Corpus
    from grape_rewrite.index import Index
    from grape_rewrite.rewriting import Prompt, Rewriter
    from grape_rewrite.searching import Searching


@dataclass(frozen=True)
class Searcher:
    """A retriever and a rewriter that are searched with together."""

    retriever: str
    rewriter: str
    prompt: "Prompt | None"
    searching: "Searching | None"
    max_tokens: int | None
    allow_mismatch: bool
    max_unreadable: float
    trust_remote_code: bool

    @classmethod
    def named(
        cls,
        retriever: str | None,
        rewriter: str,
        prompt: str | None,
        settings: list[str] | None,
        max_tokens: int | None,
        allow_mismatch: bool,
        max_unreadable: float,
        trust_remote_code: bool,
    ) -> "Searcher":
        """Return what the options name; nothing is loaded yet.

        :raises UserError: for a prompt, a setting or a retriever of an adapter that is not possible.
        """
        return cls(
            retriever_of(retriever, [rewriter]),
            rewriter,
            read_prompt(prompt),
            read_searching(settings),
            max_tokens,
            allow_mismatch,
            max_unreadable,
            trust_remote_code,
        )

    def load(self, corpus: "Corpus", pictured: bool, quiet: bool = False) -> "tuple[Rewriter, Index]":
        """Load the models and embed the corpus.

        :param pictured: whether the queries have pictures.
        :raises UserError: see `check_adapter` and `fitting.fitted`.
        """
        check_rewriters([self.rewriter], self.max_tokens)
        frozen = load_retriever(self.retriever, self.trust_remote_code, quiet)
        check_adapter(self.rewriter, frozen, corpus, pictured, self.allow_mismatch)
        policy = load_rewriter(
            self.rewriter, self.prompt, self.max_tokens, self.trust_remote_code, quiet, pictured=pictured
        )
        from grape_rewrite.fitting import fitted

        index = load_index(frozen, corpus, self.max_unreadable, quiet)
        return fitted(policy, index, self.searching), index
