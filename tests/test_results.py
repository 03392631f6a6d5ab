"""What the documents say is what the runs in `docs/evidence` left."""

import itertools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tests.leaves import leaves

ROOT = Path(__file__).parent.parent


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
    one, other = (list(leaves(found["tasks"])) for found in (made, kept))
    assert [place for place, _ in one] == [place for place, _ in other]
    assert len(one) > 10_000
    for (place, value), (_, known) in zip(one, other, strict=True):
        assert value == (pytest.approx(known, abs=1e-9) if isinstance(known, float) else known), place


def test_how_often_scores_inflated_is_counted_from_the_manifests() -> None:
    """By another way than `benchmarks/studies.py`: arms are told by their training as each run has it."""
    counts: dict[str, list[bool]] = {"similarity": [], "rank": [], "fine-tuning": []}
    for file in sorted((ROOT / "docs" / "evidence").glob("*/*/seed-*/manifest.json")):
        found = json.loads(file.read_text())
        training, raced = found["training"], not (file.parents[2] / "grape").exists()
        if training is None or found.get("also") or raced or not found["looks"]:
            continue
        if training.get("algorithm") == "best-of-group":
            kind = "fine-tuning"
        elif training["reward"] == "similarity":
            kind = "similarity"
        elif training["reward"] == "rank_log" and training["pool"] is None:
            kind = "rank"
        else:
            continue
        looks = found["looks"]
        rises = [
            {key: after[f"dev_{key}"] - before[f"dev_{key}"] for key in ("d_hard", "d_neg", "margin")}
            for before, after in itertools.pairwise(looks)
        ]
        counts[kind].append(any(rise["d_hard"] >= 0.01 and rise["d_neg"] > 0 > rise["margin"] for rise in rises))
    said = " ".join((ROOT / "docs" / "results.md").read_text().split())
    found = re.search(
        r"the margin fell, under similarity in (\d+) of (\d+) runs, under the logarithm of the rank in (\d+) of (\d+) "
        r"runs, whatever else an arm changes, under fine-tuning in (\d+) of (\d+) runs",
        said,
    )
    assert found
    assert [int(number) for number in found.groups()] == [
        number for runs in counts.values() for number in (sum(runs), len(runs))
    ]


def test_the_first_p_values_are_those_of_scipy() -> None:
    """Items are permuted, and a difference is the mean over the seeds that both arms have."""
    study = ROOT / "docs" / "evidence" / "composed-bfloat16"
    kept = json.loads((ROOT / "docs" / "results.json").read_text())["tasks"][study.name]["comparisons"]

    def recall(arm: str, seed: int) -> np.ndarray:
        found = json.loads((study / arm / f"seed-{seed}" / "outcomes.json").read_text())
        return np.array(found["recall"][arm], dtype=float)

    clusters = np.array(json.loads((study / "sft" / "seed-0" / "outcomes.json").read_text())["clusters"])
    for arm in ("sft", "grpo-similarity", "all-shifts"):
        row = next(row for row in kept if row["b"] == arm and row["metric"] == "recall@10")
        gains = np.mean([recall("grape", seed) - recall(arm, seed) for seed in row["seeds"]], axis=0)
        assert row["difference"] == pytest.approx(gains.mean())
        sums = np.bincount(clusters, gains)
        theirs = stats.permutation_test(
            (sums,),
            lambda values, axis: values.sum(axis=axis),
            permutation_type="samples",
            vectorized=True,
            n_resamples=20_000,
            batch=1000,
            rng=np.random.default_rng(0),
        ).pvalue
        assert row["p"] == pytest.approx(theirs, abs=4 * (theirs * (1 - theirs) / 20_000) ** 0.5 + 1e-4)


def pages(docs: Path) -> dict[str, str]:
    """The results and the page of each study, by the name of the file."""
    return {path.name: path.read_text() for path in [docs / "results.md", *sorted((docs / "results").iterdir())]}
