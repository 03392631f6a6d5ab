"""Prompt selection: the best on dev, by the same measure as everything else."""

from pathlib import Path

import pytest

from grape_rewrite.ablation.baselines import (
    WEIGHTS,
    longer_prompts,
    plain_prompts,
    select_prompt,
    training_free,
    with_pictures,
)
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
    longer, plain = longer_prompts(tiny_prompt), plain_prompts(tiny_prompt)
    policies = {str(number): rewriter.with_prompt(prompt) for number, prompt in enumerate([*longer, *plain])}
    found = evaluate({"raw": None, **policies}, index, dataset.dev).summary["methods"]
    quality = {policy.prompt: found[number]["mrr"] for number, policy in policies.items()}
    assert len(set(quality.values())) > 1
    for prompts in (longer, plain, [*longer, *plain]):
        selected = select_prompt(rewriter, index, dataset.dev, prompts)
        assert selected in prompts
        assert quality[selected] == pytest.approx(max(quality[prompt] for prompt in prompts))


def test_prompts_to_select_from(tiny_prompt: Prompt) -> None:
    longer, plain = longer_prompts(tiny_prompt), plain_prompts(tiny_prompt)
    assert longer[0] == tiny_prompt
    assert {prompt.examples for prompt in longer} == {tiny_prompt.examples}
    assert plain[0] == tiny_prompt.zero_shot()
    assert {prompt.examples for prompt in plain} == {()}
    assert len({*longer, *plain}) == len(longer) + len(plain)


FUSED_BY_HAND = ("raw", "few-shot", "rrf", "confident")  # the last asks for what the weight lets it find


def test_every_method_is_fused_with_the_picture_as_is_best_on_dev(
    composed_index: Index, tiny_composed_folder: Path, tiny_model_folder: Path, tiny_prompt: Prompt
) -> None:
    dev = Dataset.load(tiny_composed_folder).dev
    rewriter = Rewriter.load(str(tiny_model_folder), tiny_prompt, max_tokens=5)
    methods = training_free(rewriter, dev, tiny_prompt.zero_shot(), tiny_prompt, temperature=0.7)
    found, weights = with_pictures(methods, composed_index, dev)
    assert set(found) - set(methods) == {"image", "text", *weights}
    assert set(weights) == {f"{name}+image" for name in methods if name != "english"}
    by_hand = {}
    for weight in WEIGHTS:
        tried = {name: Pictured(methods[name] or Raw(), weight) for name in FUSED_BY_HAND}
        summary = evaluate({"first": None, **tried}, composed_index, dev).summary["methods"]
        by_hand[weight] = {name: summary[name]["mrr"] for name in tried}
    for name in FUSED_BY_HAND:
        best = max(figures[name] for figures in by_hand.values())
        assert by_hand[weights[f"{name}+image"]][name] == pytest.approx(best)
        assert found[f"{name}+image"].weight == weights[f"{name}+image"]


def test_without_pictures_nothing_is_fused(tiny_index: Index, tiny_dataset: Dataset) -> None:
    assert with_pictures({"raw": None}, tiny_index, tiny_dataset.dev) == ({"raw": None}, {})
