"""Loading what commands work on: the data first, then the models, and the embeddings, which take longest, last.

So a mistake is said before the work that it would have wasted.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from grape_rewrite.cli.output import announce, notes, shows_progress
from grape_rewrite.errors import UserError

if TYPE_CHECKING:
    from grape_rewrite.datasets import Corpus, Dataset
    from grape_rewrite.index import Index
    from grape_rewrite.retrievers import Retriever
    from grape_rewrite.rewriting import Prompt, Rewriter
    from grape_rewrite.rewriting.precision import Precision
    from grape_rewrite.searching import Searching


def load_data(data: str, splits: Iterable[str] = ()) -> "Dataset":
    """Load a data set and read these splits.

    :raises UserError: for every mistake in its corpus and in these splits.
    """
    from grape_rewrite.datasets import Dataset

    dataset = Dataset.load(data)
    for split in splits:
        dataset.split(split)
    return dataset


def load_retriever(name: str, trust_remote_code: bool = False, quiet: bool = False) -> "Retriever":
    """Load a frozen retriever."""
    announce(f"Loading retriever {name}", quiet)
    from grape_rewrite.retrievers import Retriever

    return Retriever.load(name, trust_remote_code=trust_remote_code)


def load_rewriter(
    name: str,
    prompt: "Prompt | None" = None,
    max_tokens: int | None = None,
    trust_remote_code: bool = False,
    quiet: bool = False,
    device: str | None = None,
    precision: "Precision | None" = None,
) -> "Rewriter":
    """Load a rewriter.

    :param prompt: what an untrained one is asked with, the multilingual prompt by default; an adapter brings its own,
        and one that learned several tasks takes the one of these that is named.
    :param max_tokens: where rewrites of an untrained one are cut off.
    """
    announce(f"Loading rewriter {name}", quiet)
    from grape_rewrite.rewriting import Rewriter
    from grape_rewrite.training import TrainingConfig

    if is_adapter(name):
        from grape_rewrite.rewriting.adapter import read_adapter

        learned = [task.prompt for task in read_adapter(Path(name)).tasks]
        prompt = prompt if prompt in learned else None
    return Rewriter.load(
        name,
        prompt,
        max_tokens or TrainingConfig.model_fields["max_tokens"].default,
        trust_remote_code=trust_remote_code,
        device=device,
        precision=precision,
    )


def load_index(retriever: "Retriever", corpus: "Corpus", max_unreadable: float = 0.0, quiet: bool = False) -> "Index":
    """Embed a corpus, or take its embeddings from the cache, and say which items had to be skipped."""
    index = retriever.index(corpus, progress=shows_progress(quiet), max_unreadable=max_unreadable)
    if index.skipped:
        row = next(iter(index.skipped))
        notes.print(
            f"{len(index.skipped)} of {len(corpus)} items skipped, such as {corpus.ids[row]}: {index.skipped[row]}",
            markup=False,
        )
    return index


def fitted(rewriter: "Rewriter", index: "Index", searching: "Searching | None" = None) -> "Rewriter":
    """Make a rewriter ready for a corpus.

    An untrained one gets the output vocabulary that training gives it by default, to measure both alike. A trained one
    is asked as it was for this corpus, if it learned several tasks, and its rewrites are searched with as they were.

    :param searching: how to search with an untrained one's rewrites; as the index does by default.
    :raises UserError: when a trained one is to be searched with in another way.
    """
    from grape_rewrite.training import TrainingConfig
    from grape_rewrite.training.grpo import restrict_output

    if rewriter.facts is None:
        restrict_output(rewriter, index, TrainingConfig())
        index.searching = searching or index.searching
        return rewriter
    if searching is not None:
        raise UserError(f"an adapter brings its own way to search, {rewriter.facts.searching}; leave --set out")
    index.searching = rewriter.facts.searching
    corpus = index.corpus.fingerprint()
    task = rewriter.facts.task_for(index.retriever.fingerprint(), corpus)
    return rewriter.with_prompt(task.prompt) if task and task.corpus_fingerprint == corpus else rewriter


def load_search(
    retriever: str,
    rewriter: str,
    prompt: "Prompt | None",
    searching: "Searching | None",
    corpus: "Corpus",
    pictured: bool,
    allow_mismatch: bool,
    max_unreadable: float,
    trust_remote_code: bool,
    quiet: bool = False,
) -> "tuple[Rewriter, Index]":
    """Load a rewriter and an index that are searched with together.

    :param pictured: whether the queries have pictures.
    :raises UserError: see `check_adapter` and `fitted`.
    """
    frozen = load_retriever(retriever, trust_remote_code, quiet)
    check_adapter(rewriter, frozen, corpus, pictured, allow_mismatch)
    policy = load_rewriter(rewriter, prompt, trust_remote_code=trust_remote_code, quiet=quiet)
    index = load_index(frozen, corpus, max_unreadable, quiet)
    return fitted(policy, index, searching), index


def is_adapter(name: str) -> bool:
    """Whether a rewriter's name is the folder of a trained adapter."""
    from grape_rewrite.rewriting.adapter import ADAPTER_FILE

    return (Path(name) / ADAPTER_FILE).is_file()


def check_adapter(
    rewriter: str, retriever: "Retriever", corpus: "Corpus", pictured: bool, allow_mismatch: bool
) -> None:
    """Refuse an adapter that learned something else; note another corpus. An untrained model always fits.

    :param pictured: whether the queries that it is to rewrite have pictures.
    :raises UserError: when it learned from another retriever, or from queries with pictures where these have none or
        the reverse, and that is not allowed.
    """
    from grape_rewrite.rewriting.adapter import read_adapter

    if not is_adapter(rewriter):
        return
    facts = read_adapter(Path(rewriter))
    fingerprint = retriever.fingerprint()
    task = facts.task_for(fingerprint, corpus.fingerprint())
    if task is None:
        known = " or ".join(f"{known.retriever} ({known.retriever_fingerprint[:12]})" for known in facts.tasks)
        _refuse(
            f"adapter {rewriter} was trained for retriever {known}, not for {retriever.name} ({fingerprint[:12]})",
            "use that one",
            allow_mismatch,
        )
    if {task.pictures for task in facts.tasks} == {not pictured}:
        kinds = ("text alone", "a picture and a text")
        _refuse(
            f"adapter {rewriter} was trained on queries of {kinds[not pictured]}, not of {kinds[pictured]}",
            "use one that was trained on those",
            allow_mismatch,
        )
    if task is None or task.corpus_fingerprint != corpus.fingerprint():
        notes.print(f"note: adapter {rewriter} was trained on another corpus", markup=False, soft_wrap=True)


def _refuse(mismatch: str, cure: str, allowed: bool) -> None:
    """Refuse what an adapter was not trained for, or note it where that is allowed."""
    if not allowed:
        raise UserError(f"{mismatch}; {cure}, or --allow-mismatch")
    notes.print(f"note: {mismatch}", markup=False, soft_wrap=True)
