"""What a run measures."""

from pathlib import Path

import pytest

from grape_rewrite.ablation import Study
from grape_rewrite.ablation.baselines import PLAIN, drawn_again
from grape_rewrite.ablation.measured import untrained
from grape_rewrite.ablation.methods import DRAWN
from grape_rewrite.ablation.study import UNTRAINED, Job
from grape_rewrite.datasets import Dataset, Split
from grape_rewrite.index import Index
from grape_rewrite.rewriting import Prompt
from grape_rewrite.strategies import Strategy
from grape_rewrite.training import TrainingConfig


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
    template = first.noted["zero_shot_template"]
    assert second.noted.get("zero_shot_template") == (None if examples else template)
    assert "selected_instruction" not in second.noted
    assert set(second.noted["picture_weights"]) == {name for name in drawn if name.endswith("+image")}
    plain = Prompt("", template) if template in PLAIN else tiny_prompt.zero_shot()
    asked = second.rewriter if examples else second.rewriter.with_prompt(plain)
    temperature = TrainingConfig.of(**study.training).temperature
    for name in DRAWN:
        one, other = (_texts(found.methods[name], dataset.test, composed_index) for found in (first, second))
        again = [drawn_again(asked, temperature, seed)[name] for seed in (0, 1)]
        assert [one, other] == [_texts(method, dataset.test, composed_index) for method in again]
        assert one != other


def _texts(strategy: Strategy, split: Split, index: Index) -> list[tuple[str, ...]]:
    """What a strategy searches with, query by query."""
    return [ask.texts for ask in strategy(split.queries, index)]
