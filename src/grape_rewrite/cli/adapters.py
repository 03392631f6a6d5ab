"""Whether a rewriter's name is that of a trained adapter, what that brings, and whether it fits."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grape_rewrite.cli.output import note
from grape_rewrite.errors import UserError

if TYPE_CHECKING:
    from grape_rewrite.datasets import Corpus
    from grape_rewrite.retrievers import Retriever
    from grape_rewrite.rewriting import Prompt


def check_rewriters(names: Sequence[str], max_tokens: int | None = None) -> None:
    """Refuse a rewriter whose name, or its base model's, is a path to nothing, before anything heavy is loaded.

    :param max_tokens: what was asked for with `--max-tokens`, which is for untrained ones.
    :raises UserError: for that, and for a length where there are adapters alone.
    """
    from grape_rewrite.rewriting.adapter import read_adapter
    from grape_rewrite.rewriting.source import require_path

    if max_tokens is not None and all(map(is_adapter, names)):
        raise UserError(f"adapter {names[0]} brings the length that it was trained with; leave --max-tokens out")
    for name in names:
        require_path(read_adapter(Path(name)).base_model if is_adapter(name) else name)


def retriever_of(named: str | None, rewriters: Iterable[str]) -> str:
    """Return the name of the retriever to search with: the one that is named, else the first adapter's, else lite-clip.

    :raises UserError: when an adapter's `grape.json` does not hold what it should, or names code, which is run only
        when the user names it.
    """
    if named:
        return named
    from grape_rewrite.retrievers.registry import is_own
    from grape_rewrite.rewriting.adapter import read_adapter

    for name in filter(is_adapter, rewriters):
        own = read_adapter(Path(name)).retriever
        if is_own(own):
            raise UserError(
                f"adapter {name} learned from a retriever that is code, {own}; if it is yours, name it: "
                f"--retriever {own}"
            )
        return own
    return "lite-clip"


def is_adapter(name: str) -> bool:
    """Whether a rewriter's name is the folder of a trained adapter."""
    from grape_rewrite.rewriting.adapter import ADAPTER_FILE

    return (Path(name) / ADAPTER_FILE).is_file()


def takes_prompt(name: str, prompt: "Prompt") -> bool:
    """Whether a rewriter can be asked with a prompt: an untrained one with any, an adapter with those it learned."""
    from grape_rewrite.rewriting.adapter import read_adapter

    return not is_adapter(name) or prompt in [task.prompt for task in read_adapter(Path(name)).tasks]


def check_adapter(
    rewriter: str, retriever: "Retriever", corpus: "Corpus", pictured: bool, allow_mismatch: bool
) -> None:
    """Refuse an adapter that learned something else; note another corpus, and one that changes nothing.

    An untrained model always fits.

    :param pictured: whether the queries that it is to rewrite have pictures.
    :raises UserError: when it learned from another retriever, or from queries with pictures where these have none or
        the reverse, and that is not allowed.
    """
    from grape_rewrite.fitting import knows_corpus, misfits
    from grape_rewrite.rewriting.adapter import UNCHANGED, read_adapter

    if not is_adapter(rewriter):
        return
    facts = read_adapter(Path(rewriter))
    for misfit, cure in misfits(rewriter, facts, retriever, pictured):
        if not allow_mismatch:
            raise UserError(f"{misfit}; {cure}, or --allow-mismatch")
        note(f"note: {misfit}")
    if not knows_corpus(facts, corpus):
        note(f"note: adapter {rewriter} was trained on another corpus")
    if not facts.steps:
        note(f"note: adapter {rewriter}: {UNCHANGED}")
