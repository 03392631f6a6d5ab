"""The recipes for published benchmarks, on miniatures of their official files."""

from pathlib import Path

import pytest
import yaml

from grape_rewrite.rewriting.adapter import read_adapter

RECIPES = sorted((Path(__file__).parents[2] / "configs" / "published").glob("*.yaml"))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_runs_for_a_step(
    recipe: Path,
    grape,
    cache,
    miniature,
    tiny_clip_folder: Path,
    tiny_chat_folder: Path,
    tiny_vision_folders: dict[str, Path],
    tmp_path: Path,
) -> None:
    """From official files to an adapter and its figures, with tiny models of the same kinds in place of the large."""
    values = yaml.safe_load(recipe.read_text())
    sees = values["prompt"] == "composed-picture"
    folders = {name: tmp_path / name for name in {Path(values["data"]).name, recipe.stem}}
    for name, folder in folders.items():
        made = grape("data", name, "--source", miniature(name), "--out", folder, "--partial")
        assert made.code == 0, made.err
    values["data"] = str(folders[Path(values["data"]).name])
    values["retriever"] = str(tiny_clip_folder)
    values["rewriter"] = str(tiny_vision_folders["qwen2-vl"] if sees else tiny_chat_folder)
    sizes = {"steps": 1, "batch": 4, "group": 2, "micro_batch": 2, "max_tokens": 6, "dev_queries": 4}
    small = tmp_path / "small.yaml"
    small.write_text(yaml.safe_dump({**values, **sizes, "out": str(tmp_path / "run"), "device": "cpu"}))
    found = grape("train", small)
    assert found.code == 0, found.err
    facts = read_adapter(tmp_path / "run")
    assert facts.pictures is sees
    models = ("--retriever", tiny_clip_folder, "--rewriter", tmp_path / "run")
    found = grape("evaluate", folders[recipe.stem], *models, "--queries", 8, "--out", tmp_path / "evaluation")
    assert found.code == 0, found.err
    if (folders[recipe.stem] / "unjudged").is_dir():
        out = tmp_path / "submission"
        found = grape("submit", folders[recipe.stem], "--split", "test1", *models, "--out", out)
        assert found.code == 0, found.err
        assert (out / "recall_submission.json").is_file()
