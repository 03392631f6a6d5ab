"""Loading what commands work on: the data first, then the models, and the embeddings, which take longest, last.

So a mistake is said before the work that it would have wasted.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from grape_rewrite.cli.adapters import takes_prompt
from grape_rewrite.cli.output import announce, note, shows_progress
from grape_rewrite.errors import UserError
from grape_rewrite.rewriting.defaults import MAX_TOKENS

if TYPE_CHECKING:
    from grape_rewrite.datasets import Corpus, Dataset, Query, Split
    from grape_rewrite.index import Index
    from grape_rewrite.retrievers import Retriever
    from grape_rewrite.rewriting import Prompt, Rewriter
    from grape_rewrite.rewriting.precision import Precision

DRAWING = re.compile("[0-9A-F]{2,5}([-+][0-9A-F]{2,5})*")  # how files of OpenMoji's drawings are called


def load_data(data: str, splits: Iterable[str] = ()) -> "Dataset":
    """Load a data set and read these splits.

    :raises UserError: for every mistake in its corpus and in these splits.
    """
    from grape_rewrite.datasets import Dataset

    dataset = Dataset.load(data)
    for split in splits:
        dataset.split(split)
    return dataset


def note_repeated(dataset: "Dataset", measured: str, learned: Iterable[str] = ("train", "dev")) -> None:
    """Note when queries that figures are to be of are asked in the splits that are learned from, too.

    A mistake in a split that is not measured is said where that split is used.
    """
    for other in learned:
        if other == measured or other not in dataset.splits:
            continue
        try:
            repeated = dataset.repeated(measured, other)
        except UserError:
            continue
        if repeated:
            note(
                f"note: {len(repeated)} of {len(dataset.split(measured))} queries of {measured} are in {other} too, "
                f"such as {repeated[0].id} ({repeated[0].text!r}): figures on them do not speak of new queries"
            )


def sampled(split: "Split", queries: int | None) -> "Split":
    """Return as many queries of a split as are asked for, all languages alike; note when it has not so many."""
    if queries is None:
        return split
    if queries > len(split):
        note(f"note: {split.name} has {len(split)} queries, not {queries}; all are taken")
    return split.sample(queries)


def check_languages(strategy: str, queries: "Sequence[Query]", cure: str) -> None:
    """Refuse a strategy that goes by the languages of queries where none of them has one: it would do nothing.

    :param cure: how to give them one.
    :raises UserError: for that, and for a name that is of no strategy.
    """
    from grape_rewrite.strategies import require_strategy

    if require_strategy(strategy)["known"] and not any(query.language for query in queries):
        raise UserError(f"strategy {strategy!r} goes by the language of a query, and none has one; {cure}")


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
    pictured: bool | None = None,
) -> "Rewriter":
    """Load a rewriter; note when an untrained one that sees is to be shown nothing, or is not asked about pictures.

    :param prompt: what an untrained one is asked with, the multilingual prompt by default; an adapter brings its own,
        and one that learned several tasks takes the one of these that is named.
    :param max_tokens: where rewrites of an untrained one are cut off.
    :param pictured: whether the queries that it is to rewrite have pictures; None where nobody knows.
    :raises UserError: when an adapter did not learn this prompt.
    """
    announce(f"Loading rewriter {name}", quiet)
    from grape_rewrite.rewriting import Rewriter

    if prompt is not None and not takes_prompt(name, prompt):
        raise UserError(f"adapter {name} brings the prompt that it was trained with; leave --prompt out")
    rewriter = Rewriter.load(
        name,
        prompt,
        max_tokens or MAX_TOKENS,
        trust_remote_code=trust_remote_code,
        device=device,
        precision=precision,
    )
    told = None
    if pictured is False and rewriter.sees and not rewriter.facts:
        told = f"rewriter {name} sees, and is asked with text alone: the queries have no picture"
    elif pictured and prompt is None and not rewriter.facts:
        suited = "composed-picture" if rewriter.sees else "composed"
        told = f"queries have pictures, and rewriter {name} is not asked what they want changed; --prompt {suited} does"
    if told:
        note(f"note: {told}")
    return rewriter


def note_drawings(retriever: str, corpus: "Corpus") -> None:
    """Note when `lite-clip`, whose image tower has learned drawings alone, is to rank other pictures, or texts.

    :param retriever: its name.
    """
    if retriever == "lite-clip" and not corpus.has_images:
        note("note: lite-clip was made for the drawings of OpenMoji; for texts --retriever names yours, or minilm")
    elif retriever == "lite-clip" and any(item.image and not DRAWING.fullmatch(item.image.stem) for item in corpus):
        note(
            "note: lite-clip has learned the drawings of OpenMoji alone, and how it ranks other pictures says little; "
            "--retriever names yours"
        )


def load_index(retriever: "Retriever", corpus: "Corpus", max_unreadable: float = 0.0, quiet: bool = False) -> "Index":
    """Embed a corpus, or take its embeddings from the cache."""
    note_drawings(retriever.name, corpus)
    return retriever.index(corpus, progress=shows_progress(quiet), max_unreadable=max_unreadable)
