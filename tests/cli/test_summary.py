"""`grape summary`, over what `grape evaluate` writes."""

import json
from pathlib import Path


def test_tasks_stand_in_one_table(
    grape, cache, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    models = ("--retriever", tiny_retriever_folder, "--rewriter")
    sizes = ("--steps", 1, "--batch", 8, "--group", 4, "--max-tokens", 6)
    run = tmp_path / "run"
    assert grape("train", tiny_dataset_folder, *models, tiny_model_folder, *sizes, "--out", run).code == 0
    for name, queries in (("one", 16), ("two", 8)):
        evaluation = ("evaluate", tiny_dataset_folder, *models, run, "--queries", queries, "--out", tmp_path / name)
        assert grape(*evaluation).code == 0
    table = tmp_path / "summary.md"
    found = grape("summary", tmp_path / "one", tmp_path / "two", "--json", "--out", table)
    assert found.code == 0, found.err
    printed = json.loads(found.out)
    figures = [json.loads((tmp_path / name / "evaluation.json").read_text())["methods"] for name in ("one", "two")]
    gains = [methods["grape"]["recall@10"] - methods["raw"]["recall@10"] for methods in figures]
    assert abs(printed["average"]["raw"]["difference"] - sum(gains) / 2) < 1e-9
    assert table.read_text().count("\n") == 5
    shown = grape("summary", tmp_path / "one", tmp_path / "two")
    assert shown.code == 0
    assert all(word in shown.out for word in ("one", "two", "average", "few-shot"))


def test_mistakes_get_one_line(grape, tmp_path: Path) -> None:
    (tmp_path / "a" / "x").mkdir(parents=True)
    (tmp_path / "b" / "x").mkdir(parents=True)
    refused = grape("summary", tmp_path / "a" / "x")
    assert refused.code == 2
    assert "has no evaluation.json" in refused.error_lines[0]
    refused = grape("summary", tmp_path / "a" / "x", tmp_path / "b" / "x")
    assert refused.code == 2
    assert "two of the folders are called x" in refused.error_lines[0]
