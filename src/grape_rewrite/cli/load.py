"""Loading what commands work on, with a word on what was found."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from grape_rewrite.cli.output import notes, shows_progress
from grape_rewrite.errors import UserError

if TYPE_CHECKING:
    from grape_rewrite.datasets import Dataset
    from grape_rewrite.index import Index
    from grape_rewrite.rewriting import Rewriter


def load_index(
    data: str,
    retriever: str,
    max_unreadable: float = 0.0,
    trust_remote_code: bool = False,
    quiet: bool = False,
    splits: Iterable[str] = (),
) -> "tuple[Dataset, Index]":
    """Load a data set and embed its corpus, or take the embeddings from the cache.

    :param quiet: show no progress and say nothing but warnings.
    :param splits: read these first, so that a mistake in them is said before anything heavy loads.
    """
    from grape_rewrite.datasets import Dataset
    from grape_rewrite.retrievers import Retriever

    dataset = Dataset.load(data)
    for split in splits:
        dataset.split(split)
    corpus = dataset.corpus
    frozen = Retriever.load(retriever, trust_remote_code=trust_remote_code)
    index = frozen.index(corpus, progress=shows_progress(quiet), max_unreadable=max_unreadable)
    if index.skipped:
        row = next(iter(index.skipped))
        notes.print(
            f"{len(index.skipped)} of {len(corpus)} items skipped, such as {corpus.ids[row]}: {index.skipped[row]}",
            markup=False,
        )
    return dataset, index


def load_rewriter(name: str, index: "Index", trust_remote_code: bool = False) -> "Rewriter":
    """Load a rewriter to be measured on an index.

    An untrained one gets the output vocabulary that training gives it by default, so that both are measured alike.
    """
    from grape_rewrite.rewriting import Rewriter
    from grape_rewrite.training import TrainingConfig
    from grape_rewrite.training.grpo import restrict_output

    rewriter = Rewriter.load(name, trust_remote_code=trust_remote_code)
    if rewriter.facts is None:
        restrict_output(rewriter, index, TrainingConfig())
    return rewriter


def check_adapter(rewriter: str, index: "Index", allow_mismatch: bool) -> None:
    """Refuse an adapter that learned from another retriever; note another corpus. An untrained model always fits.

    :raises UserError: when the retriever differs and that is not allowed.
    """
    from grape_rewrite.rewriting.adapter import ADAPTER_FILE, read_adapter

    if not (Path(rewriter) / ADAPTER_FILE).is_file():
        return
    facts = read_adapter(Path(rewriter))
    fingerprint = index.retriever.fingerprint()
    if facts.retriever_fingerprint != fingerprint:
        mismatch = (
            f"adapter {rewriter} was trained for retriever {facts.retriever} ({facts.retriever_fingerprint[:12]}), "
            f"not for {index.retriever.name} ({fingerprint[:12]})"
        )
        if not allow_mismatch:
            raise UserError(f"{mismatch}; use that one, or --allow-mismatch")
        notes.print(f"note: {mismatch}", markup=False, soft_wrap=True)
    if facts.corpus_fingerprint != index.corpus.fingerprint():
        notes.print(f"note: adapter {rewriter} was trained on another corpus", markup=False, soft_wrap=True)
