"""What the documents say is what the runs in `docs/evidence` left."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COLUMNS = ("recall@1", "recall@5", "recall@10", "mrr", "ndcg@10", "harm")


def test_results_are_made_from_the_evidence(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs" / "evidence", tmp_path / "evidence")
    subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "results.py", "--docs", tmp_path], check=True, capture_output=True
    )
    for name in ("results.md", "leaderboard.md"):
        assert (tmp_path / name).is_file() == (ROOT / "docs" / name).is_file()
        if (tmp_path / name).is_file():
            assert (tmp_path / name).read_text() == (ROOT / "docs" / name).read_text()
    named = set(re.findall(r"\]\((figures/[^)]+)\)", (ROOT / "docs" / "results.md").read_text()))
    assert named
    for docs in (tmp_path, ROOT / "docs"):
        assert {f"figures/{path.name}" for path in (docs / "figures").iterdir()} == named
    made, kept = (json.loads((folder / "results.json").read_text()) for folder in (tmp_path, ROOT / "docs"))
    assert made["tasks"].keys() == kept["tasks"].keys()
    for task, found in made["tasks"].items():
        for arm, metrics in found["arms"].items():
            for metric, value in metrics.items():
                other = kept["tasks"][task]["arms"][arm][metric]
                assert value["seeds"] == pytest.approx(other["seeds"])
                assert value["mean"] == pytest.approx(other["mean"])


def test_the_table_of_the_readme_is_that_of_the_results() -> None:
    arms = json.loads((ROOT / "docs" / "results.json").read_text())["tasks"]["scenes"]["arms"]
    lines = (ROOT / "README.md").read_text().splitlines()
    table = [line for line in lines if line.startswith("| ") and line.split(" | ")[0].strip("|* ") in arms]
    assert len(table) >= 5
    for line in table:
        name, *cells = [cell.strip("* ") for cell in line.strip("|").split("|")]
        for column, cell in zip(COLUMNS, cells, strict=True):
            if cell:
                mean, *std = cell.split(" ± ")
                assert mean == f"{arms[name][column]['mean']:.3f}", (name, column)
                assert std == ([f"{arms[name][column]['std']:.3f}"] if len(arms[name][column]["seeds"]) > 1 else [])
