"""Rewriters side by side, on tiny models."""

from pathlib import Path

from grape_rewrite.evaluation.rewriters import evaluate
from grape_rewrite.rewriting import Prompt, Rewriter


def test_methods_are_the_texts_that_they_say(tiny_index, tiny_dataset, tiny_model_folder: Path) -> None:
    split = tiny_dataset.test
    rewriter = Rewriter.load(str(tiny_model_folder), max_tokens=4)
    references = [query.reference for query in split]
    found = evaluate({"raw": None, "untrained": rewriter, "english": references}, tiny_index, split)
    greedy = [texts[0] or query for texts, query in zip(rewriter.rewrite(split.texts), split.texts, strict=True)]
    assert found.methods["raw"].rewrites == split.texts
    assert found.methods["untrained"].rewrites == greedy
    assert found.methods["english"].rewrites == references
    # The corpus is the references themselves.
    assert found.summary["methods"]["english"]["recall@1"] == 1.0


def test_cost_is_measured_for_rewriters_alone(tiny_index, tiny_dataset, tiny_model_folder: Path) -> None:
    rewriter = Rewriter.load(str(tiny_model_folder), max_tokens=4)
    methods = evaluate({"raw": None, "untrained": rewriter}, tiny_index, tiny_dataset.test).summary["methods"]
    assert methods["raw"]["ms_per_query"] is None
    assert methods["untrained"]["ms_per_query"] > 0


def test_an_empty_rewrite_falls_back_to_the_query(tiny_index, tiny_dataset, tiny_model_folder: Path) -> None:
    rewriter = Rewriter.load(str(tiny_model_folder), Prompt("", examples=()), max_tokens=1)
    rewriter.restrict([])  # nothing but end tokens is left to say
    found = evaluate({"raw": None, "mute": rewriter}, tiny_index, tiny_dataset.test)
    assert found.methods["mute"].rewrites == tiny_dataset.test.texts
    assert found.summary["methods"]["mute"]["harm"] == 0
    assert found.summary["methods"]["mute"]["empty"] == len(tiny_dataset.test)
    assert found.summary["methods"]["raw"]["empty"] == 0
