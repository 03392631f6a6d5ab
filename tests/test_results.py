"""What the documents say is what the runs in `docs/evidence` left."""

import itertools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grape_rewrite.ablation import read_study

ROOT = Path(__file__).parent.parent
NAMES = {"raw": "raw", "similarity": "grpo-similarity", "fine-tuning": "sft", "GRAPE": "grape", "human": "english"}


def test_results_are_made_from_the_evidence(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs" / "evidence", tmp_path / "evidence")
    subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "results.py", "--docs", tmp_path], check=True, capture_output=True
    )
    assert (tmp_path / "leaderboard.md").read_text() == (ROOT / "docs" / "leaderboard.md").read_text()
    assert pages(tmp_path) == pages(ROOT / "docs")
    named = set(re.findall(r"\]\((?:\.\./)?figures/([^)]+)\)", "".join(pages(tmp_path).values())))
    assert named
    for docs in (tmp_path, ROOT / "docs"):
        assert {path.name for path in (docs / "figures").iterdir()} == named
    made, kept = (json.loads((folder / "results.json").read_text()) for folder in (tmp_path, ROOT / "docs"))
    assert made["tasks"].keys() == kept["tasks"].keys()
    for task, found in made["tasks"].items():
        for arm, metrics in found["arms"].items():
            for metric, value in metrics.items():
                other = kept["tasks"][task]["arms"][arm][metric]
                assert value["seeds"] == pytest.approx(other["seeds"])
                assert value["mean"] == pytest.approx(other["mean"])


def test_the_table_of_the_readme_is_that_of_the_results() -> None:
    tasks = json.loads((ROOT / "docs" / "results.json").read_text())["tasks"]
    lines = (ROOT / "README.md").read_text().splitlines()
    start = next(row for row, line in enumerate(lines) if line.startswith("| task | what is asked |"))
    heads = [cell.strip() for cell in lines[start].strip("|").split("|")]
    rows = list(itertools.takewhile(lambda line: line.startswith("|"), lines[start + 2 :]))
    assert len(rows) >= 5
    for line in rows:
        cells = dict(zip(heads, (cell.strip("*` ") for cell in line.strip("|").split("|")), strict=True))
        study = next(name for name in (cells["task"], f"{cells['task']}-bfloat16") if name in tasks)
        arms = {arm: found["recall@10"] for arm, found in tasks[study]["arms"].items()}
        for head, arm in NAMES.items():
            assert cells[head] == (shown(arms[arm]) if arm in arms else ""), (study, arm)
        free = read_study(ROOT / "docs" / "evidence" / study).training_free(sorted(arms))
        assert cells["untrained"] == shown(max((arms[arm] for arm in free), key=lambda found: found["mean"])), study


def test_the_other_figures_of_the_readme_are_in_the_results() -> None:
    """Spreads, gains with their intervals, intervals alone, and shares, each as the results print it of something."""
    texts = (ROOT / "README.md").read_text(), "".join(pages(ROOT / "docs").values())
    readme, results = (" ".join(text.split()) for text in texts)
    prose = re.search(r"`raw` is the query as it is(.*?)\[docs/results.md\]", readme)[1]
    unit, interval = r"(?: points)?(?: less| on `[\w-]+`| of [\w@]+)?", r"(-?\d+\.\d) to (-?\d+\.\d)"
    for figure, least in {
        r"\d\.\d{3} ± \d\.\d{3}": 7,
        rf"(?<!to )(?<![\d.])(\d+\.\d){unit}(?: \(|, )(?:95 % interval over pictures and seeds )?{interval}": 15,
        interval: 20,
        r"(?<![\d.])0\.\d{2,3}(?!\d)": 20,
        r"in \d+ of \d+ runs": 2,
    }.items():
        quoted, printed = (set(re.findall(figure, text)) for text in (prose, results.replace("+", "")))
        assert len(quoted) >= least, figure
        assert quoted <= printed, quoted - printed


def test_the_costs_in_the_readme_are_those_measured() -> None:
    readme = " ".join((ROOT / "README.md").read_text().split())
    evidence = ROOT / "docs" / "evidence"
    demo, training = (json.loads((evidence / f"{name}.json").read_text()) for name in ("demo", "training"))
    first, again = demo["runs"]
    takes = f"{first['seconds'] / 60:.0f} minutes and {first['peak_gb']:.1f} GB of memory the first time"
    assert f"{takes}, installation included, and {again['seconds'] / 60:.0f} minutes again" in readme
    ours, stock = ([found[kind] for found in training["rounds"]] for kind in ("ours", "stock"))
    pace, usual = ([found["rewrites_per_second"] for found in runs] for runs in (ours, stock))
    ratios = [ours / stock for ours, stock in zip(pace, usual, strict=True)]
    assert training["ratios"] == pytest.approx(ratios)
    assert f"**{min(ratios):.0f} to {max(ratios):.0f} times** the rewrites a second" in readme
    assert f"({min(pace):.1f} to {max(pace):.1f}, and {min(usual):.2f} to {max(usual):.2f})" in readme
    held, most = (max(found["peak_gb"] for found in runs) for runs in (ours, stock))
    assert f"**{held / most:.2f}** of the peak memory ({held:.1f} and {most:.1f} GB)" in readme
    tokens = [runs[0]["tokens"] for runs in (ours, stock)]
    assert f"Ours are {tokens[0]:.1f} tokens long" in readme
    assert f"words that the retriever does not know, {tokens[1]:.1f}:" in readme
    half = json.loads((evidence / "leaderboard" / "learning-from-half-of-each-group.json").read_text())
    assert f"it takes {half['arms']['grape']['median_seconds']:.0f} seconds of training" in readme
    assert (
        f"passes {half['bar']}, from {half['arms']['grape']['runs'][0]['looks'][0]['recall@10']:.2f} untrained"
        in readme
    )


def pages(docs: Path) -> dict[str, str]:
    """The results and the page of each study, by the name of the file."""
    return {path.name: path.read_text() for path in [docs / "results.md", *sorted((docs / "results").iterdir())]}


def shown(found: dict[str, Any]) -> str:
    """A figure as the README writes it."""
    return f"{found['mean']:.3f}" + (f" ± {found['std']:.3f}" if len(found["seeds"]) > 1 else "")
