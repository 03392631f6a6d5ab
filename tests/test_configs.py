"""The recipes in `configs/`: each is read as it stands, and runs for a step."""

import json
import re
from pathlib import Path

import pytest
import yaml

from grape_rewrite.cli.run_config import RunConfig
from grape_rewrite.datasets.dataset import EMBEDDED
from grape_rewrite.published import BENCHMARKS
from grape_rewrite.rewriting.adapter import read_adapter
from grape_rewrite.rewriting.prompt import PROMPTS
from grape_rewrite.training.task import SPEC

ROOT = Path(__file__).parents[1]
RECIPES = sorted((ROOT / "configs").glob("*.yaml"))
PUBLISHED = sorted((ROOT / "configs" / "published").glob("*.yaml"))
by_name = {"ids": lambda path: path.stem}


@pytest.mark.parametrize("recipe", RECIPES, **by_name)
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


@pytest.mark.parametrize("recipe", PUBLISHED, **by_name)
def test_a_published_recipe_says_how_to_get_its_data_and_names_a_sibling(recipe: Path) -> None:
    config, text = RunConfig.read(recipe, {}), recipe.read_text()
    assert config.out == Path("runs") / recipe.stem
    for named in {config.data, f"data/{recipe.stem}"}:
        assert f"grape data {Path(named).name} --source" in text
        assert Path(named).name in BENCHMARKS
    sibling = re.search(r"configs/([a-z-]+)\.yaml\.", text).group(1)
    other = yaml.safe_load((ROOT / "configs" / f"{sibling}.yaml").read_text())
    assert other["prompt"].partition("-picture")[0] == yaml.safe_load(text)["prompt"].partition("-picture")[0]
    for processes in (1, 8):
        batch = config.training.batch if processes == 1 else int(re.search(r"--batch (\d+)", text).group(1))
        assert config.training.model_copy(update={"batch": batch}).per_process(processes) > 0


def test_each_recipe_is_evaluated_into_a_folder_of_its_own() -> None:
    """None replaces what another wrote, and one command shows all."""
    outs = []
    for recipe in [*RECIPES, *PUBLISHED]:
        config, text = RunConfig.read(recipe, {}), recipe.read_text()
        lines = [line.split() for line in re.findall(r"^#     grape evaluate (.+)$", text, re.MULTILINE)]
        data = [words[0] for words in lines]
        options = [dict(zip(words[1::2], words[2::2], strict=True)) for words in lines]
        also = [SPEC.fullmatch(spec)["data"] for spec in config.also]
        assert data == ([f"data/{recipe.stem}"] if recipe in PUBLISHED else [config.data, *also])
        for given in options:
            assert given["--rewriter"] == str(config.out)
            assert "--retriever" not in given, "an adapter brings its own"
            assert given["--out"].startswith(f"results/{recipe.stem}")
            outs.append(given["--out"])
        assert "\n#     grape summary results/*" in text
    assert len(outs) == len(set(outs)) == 13


def test_every_shift_and_every_benchmark_has_a_recipe() -> None:
    assert {recipe.stem for recipe in RECIPES} == {"scenes", "emoji", "paragraphs", "composed", "all-shifts"}
    shifts = {yaml.safe_load(recipe.read_text())["prompt"] for recipe in [*RECIPES, *PUBLISHED]}
    assert shifts == set(PROMPTS)
    assert {recipe.stem for recipe in PUBLISHED} == set(BENCHMARKS) - {"flickr30k"}  # English: no shift


@pytest.mark.parametrize("recipe", RECIPES, **by_name)
def test_a_recipe_runs_for_a_step(recipe: Path, grape, tmp_path: Path) -> None:
    """With the embedded retriever, rewriter and data, as they are in the user's cache."""
    sizes = ("--steps", 1, "--batch", 12, "--group", 2, "--set", "dev_queries=6,solved_weight=1")
    found = grape("train", recipe, *sizes, "--out", tmp_path / "run")
    assert found.code == 0, found.err
    config, facts = RunConfig.read(recipe, {}), read_adapter(tmp_path / "run")
    assert facts.prompt == config.prompt
    assert len(facts.tasks) == 1 + len(config.also)
    rows = [json.loads(line) for line in (tmp_path / "run" / "history.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [0, 1]
    assert "grad_norm" in rows[1]
