"""Prompt selection: the best on dev, by the same measure as everything else."""

from dataclasses import replace
from pathlib import Path

import pytest

from grape_rewrite.ablation.baselines import LONGER, WEIGHTS, select_prompt, training_free, with_pictures
from grape_rewrite.datasets import Dataset
from grape_rewrite.evaluation.rewriters import evaluate
from grape_rewrite.index import Index
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.strategies import Pictured, Raw


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


def test_every_method_is_fused_with_the_picture_as_is_best_on_dev(
    composed_index: Index, tiny_composed_folder: Path, tiny_model_folder: Path, tiny_prompt: Prompt
) -> None:
    dev = Dataset.load(tiny_composed_folder).dev
    rewriter = Rewriter.load(str(tiny_model_folder), tiny_prompt, max_tokens=5)
    methods = training_free(rewriter, dev, tiny_prompt, temperature=0.7)
    found, weights = with_pictures(methods, composed_index, dev)
    assert set(found) - set(methods) == {"image", "text", *weights}
    assert set(weights) == {f"{name}+image" for name in methods if name != "english"}
    by_hand = {}
    for weight in WEIGHTS:
        tried = {name: Pictured(methods[name] or Raw(), weight) for name in ("raw", "few-shot", "rrf")}
        summary = evaluate({"first": None, **tried}, composed_index, dev).summary["methods"]
        by_hand[weight] = {name: summary[name]["mrr"] for name in tried}
    for name in ("raw", "few-shot", "rrf"):
        best = max(figures[name] for figures in by_hand.values())
        assert by_hand[weights[f"{name}+image"]][name] == pytest.approx(best)
        assert found[f"{name}+image"].weight == weights[f"{name}+image"]


def test_without_pictures_nothing_is_fused(tiny_index: Index, tiny_dataset: Dataset) -> None:
    assert with_pictures({"raw": None}, tiny_index, tiny_dataset.dev) == ({"raw": None}, {})
