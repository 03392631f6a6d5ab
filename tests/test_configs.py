"""The recipes in `configs/`: each is read as it stands."""

from pathlib import Path

import pytest
import yaml

from grape_rewrite.cli.run_config import RunConfig
from grape_rewrite.datasets.dataset import EMBEDDED
from grape_rewrite.rewriting.prompt import PROMPTS
from grape_rewrite.training.task import SPEC

ROOT = Path(__file__).parents[1]
RECIPES = sorted((ROOT / "configs").glob("*.yaml"))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_what_train_takes_and_says_how_to_run_it(recipe: Path) -> None:
    config = RunConfig.read(recipe, {})
    assert config.data in EMBEDDED
    assert config.out == Path("runs") / recipe.stem
    assert f"grape train configs/{recipe.name}" in recipe.read_text()
    named = yaml.safe_load(recipe.read_text())
    assert config.prompt == PROMPTS[named["prompt"]]
    for spec in config.also:
        found = SPEC.fullmatch(spec)
        assert found
        assert found["data"] in EMBEDDED
        assert found["prompt"] in PROMPTS


def test_every_shift_has_a_recipe() -> None:
    assert {recipe.stem for recipe in RECIPES} == {"scenes", "paragraphs", "composed", "all-shifts"}
    assert {yaml.safe_load(recipe.read_text())["prompt"] for recipe in RECIPES} == set(PROMPTS)
