"""Which words a rewriter may use after `restrict_output`."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.training import TrainingConfig
from grape_rewrite.training.output_vocabulary import restrict_output


def searched(texts: list[str | None], words: list[str]) -> Any:
    """What is asked of an index: the texts of its items, the words of its retriever."""
    items = [SimpleNamespace(text=text) for text in texts]
    return SimpleNamespace(corpus=items, retriever=SimpleNamespace(words=lambda: list(words)))


@pytest.fixture
def rewriter(tiny_model_folder: Path, tiny_prompt: Prompt) -> Rewriter:
    return Rewriter.load(str(tiny_model_folder), tiny_prompt)


def said(rewriter: Rewriter) -> set[int]:
    return set(rewriter.vocabulary.tokens.tolist())


def test_words_of_corpora_retrievers_and_answers(rewriter: Rewriter) -> None:
    further = SimpleNamespace(
        prompt=SimpleNamespace(examples=(("rot", "red"),)), index=searched(["blue sea"], ["green"])
    )
    whole = len(rewriter.vocabulary)
    restrict_output(rewriter, searched(["moon", None], ["tree"]), TrainingConfig(), [further])
    known = said(rewriter)
    assert len(known) < whole
    for text in (" moon", " tree", " blue sea", " green", " red"):
        assert set(rewriter.tokenizer(text, add_special_tokens=False)["input_ids"]) <= known, text


def test_pictures_alone_leave_it_full_whatever_the_prompts_answer(
    rewriter: Rewriter, caplog: pytest.LogCaptureFixture
) -> None:
    further = SimpleNamespace(prompt=SimpleNamespace(examples=(("rot", "red"),)), index=searched([None], []))
    before = said(rewriter)
    with caplog.at_level(logging.WARNING):
        restrict_output(rewriter, searched([None], []), TrainingConfig(), [further])
    assert said(rewriter) == before
    assert "the output vocabulary stays full" in caplog.text


def test_a_rewriter_that_reasons_has_all_words(rewriter: Rewriter, tiny_prompt: Prompt) -> None:
    from dataclasses import replace

    before = said(rewriter)
    thinking = rewriter.with_prompt(replace(tiny_prompt, answer_after="</think>"))
    restrict_output(thinking, searched(["moon"], []), TrainingConfig())
    assert said(thinking) == before
