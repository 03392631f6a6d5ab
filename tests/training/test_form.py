"""The rewards of form and length, as TRL calls them."""

from dataclasses import replace
from pathlib import Path

import pytest

from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.training import TrainingConfig
from grape_rewrite.training.form import form_rewards


@pytest.mark.parametrize("answer_after", ["", "="])
def test_more_than_a_line_is_not_well_formed(answer_after: str, tiny_chat_folder: Path, tiny_prompt: Prompt) -> None:
    """The rewrite is its first line, but the others were written."""
    rewriter = Rewriter.load(str(tiny_chat_folder), replace(tiny_prompt, answer_after=answer_after))
    texts = [f"{answer_after} red", f"{answer_after} red\n\nblue"]
    form, _ = form_rewards(rewriter, [], TrainingConfig())
    assert form(completions=texts, completion_ids=[[rewriter.stop[0]]] * 2) == [1.0, 0.0]


def test_reasoning_costs_no_length(tiny_chat_folder: Path, tiny_prompt: Prompt) -> None:
    rewriter = Rewriter.load(str(tiny_chat_folder), replace(tiny_prompt, answer_after="="))
    config = TrainingConfig.of(max_tokens=40, free_tokens=4)
    texts = ["a long thought about it = red", "= red", "= a long thought about it", "a long thought about it"]
    ids = [rewriter.encode(text) for text in texts]
    _, length = form_rewards(rewriter, [], config)
    found = length(completions=texts, completion_ids=ids)
    assert found[0] == found[1] > found[2]
    assert found[3] == pytest.approx((40 - len(ids[3])) / 36)
    _, without = form_rewards(rewriter.with_prompt(tiny_prompt), [], config)
    assert without(completions=texts, completion_ids=ids)[0] < found[0]
