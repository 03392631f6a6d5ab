"""Loading what commands work on, with a word on what was found."""

from typing import TYPE_CHECKING

from grape_rewrite.cli.output import notes

if TYPE_CHECKING:
    from grape_rewrite.datasets import Dataset
    from grape_rewrite.index import Index


def load_index(
    data: str, retriever: str, max_unreadable: float = 0.0, trust_remote_code: bool = False, quiet: bool = False
) -> "tuple[Dataset, Index]":
    """Load a data set and embed its corpus, or take the embeddings from the cache.

    :param quiet: show no progress and say nothing but warnings.
    """
    from grape_rewrite.datasets import Dataset
    from grape_rewrite.retrievers import Retriever

    dataset = Dataset.load(data)
    corpus = dataset.corpus
    frozen = Retriever.load(retriever, trust_remote_code=trust_remote_code)
    index = frozen.index(corpus, progress=not quiet, max_unreadable=max_unreadable)
    if index.skipped:
        row = next(iter(index.skipped))
        notes.print(
            f"{len(index.skipped)} of {len(corpus)} items skipped, such as {corpus.ids[row]}: {index.skipped[row]}",
            markup=False,
        )
    return dataset, index
