"""Whether a rewriter fits what it is to search, and making it ready for that."""

from collections.abc import Iterator

from grape_rewrite.datasets import Corpus
from grape_rewrite.errors import UserError
from grape_rewrite.index import Index
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting import Rewriter
from grape_rewrite.rewriting.adapter import AdapterFacts
from grape_rewrite.searching import Searching
from grape_rewrite.training import TrainingConfig
from grape_rewrite.training.output_vocabulary import restrict_output


def fitted(rewriter: Rewriter, index: Index, searching: Searching | None = None) -> Rewriter:
    """Make a rewriter ready for a corpus.

    An untrained one gets the output vocabulary that training gives it by default, to measure both alike. A trained one
    is asked as it was for this corpus, if it learned several tasks and was loaded without a prompt, and its rewrites
    are searched with as they were.

    :param searching: how to search with an untrained one's rewrites; as the index does by default.
    :raises UserError: when a trained one is to be searched with in another way.
    """
    if rewriter.facts is None:
        restrict_output(rewriter, index, TrainingConfig())
        index.searching = searching or index.searching
        return rewriter
    if searching is not None:
        raise UserError(f"an adapter brings its own way to search, {rewriter.facts.searching}; leave --set out")
    index.searching = rewriter.facts.searching
    if rewriter.keeps_prompt:
        return rewriter
    task = rewriter.facts.task_for(index.retriever.fingerprint(), index.corpus.fingerprint())
    return rewriter.with_prompt(task.prompt) if task else rewriter


def misfits(name: str, facts: AdapterFacts, retriever: Retriever, pictured: bool) -> Iterator[tuple[str, str]]:
    """Yield what an adapter was not trained for, each with what to use instead.

    :param name: what the adapter is called.
    :param facts: what it says of itself.
    :param retriever: what its rewrites are to be searched with.
    :param pictured: whether the queries that it is to rewrite have pictures.
    """
    fingerprint = retriever.fingerprint()
    if fingerprint not in {task.retriever_fingerprint for task in facts.tasks}:
        known = " or ".join(f"{known.retriever} ({known.retriever_fingerprint[:12]})" for known in facts.tasks)
        yield (
            f"adapter {name} was trained for retriever {known}, not for {retriever.name} ({fingerprint[:12]})",
            "use that one",
        )
    if {task.pictures for task in facts.tasks} == {not pictured}:
        kinds = ("text alone", "a picture and a text")
        yield (
            f"adapter {name} was trained on queries of {kinds[not pictured]}, not of {kinds[pictured]}",
            "use one that was trained on those",
        )


def knows_corpus(facts: AdapterFacts, corpus: Corpus) -> bool:
    """Whether an adapter was trained on a corpus."""
    return corpus.fingerprint() in {task.corpus_fingerprint for task in facts.tasks}
