"""Looks at the dev queries say what an evaluation would."""

from pathlib import Path

import pytest

from grape_rewrite.datasets import Dataset
from grape_rewrite.evaluation.rewriters import evaluate
from grape_rewrite.index import Index
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.training.look import Look


def test_a_look_is_an_evaluation_in_short(
    index: Index, tiny_dataset: Dataset, tiny_model_folder: Path, tiny_prompt: Prompt, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewriter = Rewriter.load(str(tiny_model_folder), tiny_prompt, max_tokens=5)
    split = tiny_dataset.dev
    found = evaluate({"raw": None, "x": rewriter}, index, split).summary["methods"]["x"]
    expected = {f"dev_{name}": found[name] for name in ("mrr", "recall@10", "d_pos", "d_neg", "d_hard", "margin")}
    for slab in (2**26, 3 * len(index)):
        monkeypatch.setattr("grape_rewrite.index.index.SLAB", slab)
        seen = Look(rewriter, index, split)()
        assert {name: seen[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    words = [len(text.split()) for text in rewriter.likeliest(split.texts)]
    assert seen["dev_rewrite_words"] == pytest.approx(sum(words) / len(words))
