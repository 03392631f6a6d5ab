"""What a run measures."""

from pathlib import Path

import pytest

from grape_rewrite.ablation import Study
from grape_rewrite.ablation.measured import untrained
from grape_rewrite.ablation.methods import DRAWN
from grape_rewrite.ablation.study import UNTRAINED, Job
from grape_rewrite.datasets import Dataset
from grape_rewrite.index import Index
from grape_rewrite.rewriting import Prompt


@pytest.mark.parametrize("examples", [True, False])
def test_further_draws_measure_what_samples_as_the_first_does(
    composed_index: Index, tiny_composed_folder: Path, tiny_model_folder: Path, tiny_prompt: Prompt, examples: bool
) -> None:
    study = Study(
        data=str(tiny_composed_folder),
        retriever=composed_index.retriever.name,
        rewriter=str(tiny_model_folder),
        prompt=tiny_prompt if examples else tiny_prompt.zero_shot(),
        training={"max_tokens": 4, "dev_queries": 4},
        arms={"grape": {}},
        seeds=[0],
        draws=2,
    )
    dataset = Dataset.load(tiny_composed_folder)
    first, second = (untrained(study, Job(UNTRAINED, seed), composed_index, dataset, dataset.test) for seed in (0, 1))
    drawn = {*DRAWN, *(f"{name}+image" for name in DRAWN)}
    assert set(second.shown) == drawn < set(first.shown)
    assert list(second.methods) == ["raw", *second.shown]
    assert list(first.methods) == first.shown
    assert second.noted["zero_shot_template"] == first.noted["zero_shot_template"]
    assert "selected_instruction" not in second.noted
    assert set(second.noted["picture_weights"]) == {name for name in drawn if name.endswith("+image")}
    for name in DRAWN:
        one, other = (
            (found.methods[name].generations for found in (first, second))
            if name != "hyde"
            else (found.methods[name].inner.generations for found in (first, second))
        )
        assert (one.seed, other.seed) == (0, 1)
        assert one.temperature == other.temperature
        assert one.rewriter.prompt == other.rewriter.prompt
