"""What an adapter was trained for, against what it is to search."""

from pathlib import Path

import pytest
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from grape_rewrite.datasets import Dataset
from grape_rewrite.fitting import fitted, knows_corpus, misfits
from grape_rewrite.index import Index
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting import Rewriter
from grape_rewrite.rewriting.adapter import AdapterFacts, TaskFacts, write_adapter
from grape_rewrite.rewriting.prompt import PROMPTS


@pytest.fixture
def retriever(tiny_retriever_folder: Path) -> Retriever:
    return Retriever.load(str(tiny_retriever_folder))


def task_of(retriever: Retriever, pictures: bool | None, corpus: str = "c") -> TaskFacts:
    return TaskFacts(
        prompt=PROMPTS["multilingual"],
        retriever="theirs",
        retriever_fingerprint=retriever.fingerprint(),
        corpus_fingerprint=corpus,
        pictures=pictures,
    )


def facts_of(first: TaskFacts, *also: TaskFacts) -> AdapterFacts:
    rest = {"base_model": "m", "max_tokens": 8, "output_vocabulary": None, "reward": "rank_log"}
    return AdapterFacts(**dict(first), **rest, seed=0, steps=1, versions={}, also=list(also))


@pytest.mark.parametrize(("trained_on", "asked", "fits"), [
    ([False], False, True), ([False], True, False), ([True], False, False), ([True], True, True),
    ([None], True, True), ([False, True], True, True), ([False, True], False, True), ([True, True], False, False),
])  # fmt: skip
def test_queries_with_and_without_pictures(
    retriever: Retriever, trained_on: list[bool | None], asked: bool, fits: bool
) -> None:
    facts = facts_of(*(task_of(retriever, pictures) for pictures in trained_on))
    found = list(misfits("mine", facts, retriever, asked))
    assert [what.startswith("adapter mine was trained on queries of") for what, _ in found] == [True] * (not fits)


def test_another_retriever(retriever: Retriever) -> None:
    other = task_of(retriever, None).model_copy(update={"retriever_fingerprint": "0" * 64})
    ((what, cure),) = misfits("mine", facts_of(other), retriever, False)
    assert what.startswith("adapter mine was trained for retriever theirs (000000000000), not for ")
    assert retriever.fingerprint()[:12] in what
    assert cure == "use that one"
    assert not list(misfits("mine", facts_of(other, task_of(retriever, None)), retriever, False))


def test_what_a_rewriter_is_asked_with(
    retriever: Retriever, tiny_index: Index, tiny_model_folder: Path, tmp_path: Path
) -> None:
    """Of several prompts that it learned the corpus chooses one, but the one that was named stays."""
    other = task_of(retriever, None).model_copy(update={"prompt": PROMPTS["long-form"]})
    tasks = [other, task_of(retriever, None, tiny_index.corpus.fingerprint())]
    base = AutoModelForCausalLM.from_pretrained(tiny_model_folder)
    get_peft_model(base, LoraConfig(r=2, target_modules="all-linear")).save_pretrained(tmp_path)
    for first, second in (tasks, tasks[::-1]):
        write_adapter(tmp_path, facts_of(first, second).model_copy(update={"base_model": str(tiny_model_folder)}))
        assert fitted(Rewriter.load(str(tmp_path)), tiny_index).prompt == PROMPTS["multilingual"]
        for name in ("multilingual", "long-form"):
            assert fitted(Rewriter.load(str(tmp_path), PROMPTS[name]), tiny_index).prompt == PROMPTS[name]


def test_a_corpus_that_is_known(retriever: Retriever, tiny_dataset_folder: Path) -> None:
    corpus = Dataset.load(str(tiny_dataset_folder)).corpus
    strange, known = task_of(retriever, None), task_of(retriever, None, corpus.fingerprint())
    assert knows_corpus(facts_of(strange, known), corpus)
    assert not knows_corpus(facts_of(strange), corpus)
