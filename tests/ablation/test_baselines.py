"""Prompt selection: the best on dev, by the same measure as everything else."""

from dataclasses import replace
from pathlib import Path

import pytest

from grape_rewrite.ablation.baselines import LONGER, select_prompt
from grape_rewrite.datasets import Dataset
from grape_rewrite.evaluation.rewriters import evaluate
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting import Prompt, Rewriter


def test_the_best_prompt_on_dev_is_selected(
    tiny_dataset_folder: Path, tiny_retriever_folder: Path, tiny_chat_folder: Path, tiny_prompt: Prompt, tmp_path: Path
) -> None:
    dataset = Dataset.load(str(tiny_dataset_folder))
    index = Retriever.load(str(tiny_retriever_folder)).index(dataset.corpus, cache=tmp_path)
    rewriter = Rewriter.load(str(tiny_chat_folder), tiny_prompt)
    selected = select_prompt(rewriter, index, dataset.dev)
    prompts = {words: replace(tiny_prompt, instruction=f"Describe the picture. {words}".strip()) for words in LONGER}
    policies = {words: rewriter.with_prompt(prompt) for words, prompt in prompts.items()}
    found = evaluate({"raw": None, **policies}, index, dataset.dev).summary["methods"]
    quality = {words: found[words]["mrr"] for words in LONGER}
    assert selected in prompts.values()
    assert quality[selected.instruction.removeprefix("Describe the picture.").strip()] == pytest.approx(
        max(quality.values())
    )
    assert len(set(quality.values())) > 1
