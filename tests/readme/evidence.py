"""What the evidence has, as the README writes it."""

import json
from functools import cache
from typing import Any

from grape_rewrite.ablation import read_study
from tests.readme.said import ROOT, figures, rows_under

EVIDENCE = ROOT / "docs" / "evidence"
NAMES = {"raw": "raw", "similarity": "grpo-similarity", "fine-tuning": "sft", "GRAPE": "grape", "human": "english"}
SHORT = {
    "scenes": "scenes-bfloat16",
    "composed": "composed-bfloat16",
    "paragraphs": "paragraphs-bfloat16",
    "definitions-5k": "definitions-5k-bfloat16",
}
SHOWN = ("scenes", "composed", "paragraphs")
DEFAULT = {
    "scenes": "scenes-160-distinct-bfloat16",
    "scenes, its other 1,898 test queries: the same pictures, in other languages": "scenes-160-distinct-rest-bfloat16",
    "scenes-fresh": "scenes-fresh-160-distinct-float32",
    "composed": "composed-160-distinct-bfloat16",
}
LEADS = "| study | arm | Recall@10 | MRR | GRAPE's lead"


@cache
def tasks() -> dict[str, Any]:
    return json.loads((ROOT / "docs" / "results.json").read_text())["tasks"]


def shown(study: str, arm: str) -> str:
    """Recall@10 as the README writes it."""
    found = tasks()[study]["arms"][arm]["recall@10"]
    return f"{found['mean']:.3f}" + (f" ± {found['std']:.3f}" if len(found["seeds"]) > 1 else "")


def recall(study: str, arm: str) -> float:
    return tasks()[study]["arms"][arm]["recall@10"]["mean"]


def training_free(study: str) -> list[str]:
    return read_study(EVIDENCE / study).training_free(sorted(tasks()[study]["arms"]))


def best_free(study: str, metric: str = "recall@10") -> str:
    return max(training_free(study), key=lambda arm: tasks()[study]["arms"][arm][metric]["mean"])


def comparison(study: str, arm: str, metric: str = "recall@10") -> dict[str, Any]:
    rows = tasks()[study]["comparisons"]
    return next(row for row in rows if row["b"] == arm and row["metric"] == metric)


def told(study: str, arm: str, metric: str = "recall@10") -> str:
    """How sure a lead is, in the README's words."""
    found = comparison(study, arm, metric)
    if found["p_holm"] >= 0.01 or found["low"] <= 0 <= found["high"]:
        return "not"
    return "sure" if found["p_seeds_holm"] < 0.05 else "perhaps"


def gain(study: str, arm: str, metric: str = "recall@10") -> list[str]:
    """What GRAPE gains over an arm, and the interval, as the README writes them."""
    row = comparison(study, arm, metric)
    return [f"{100 * row['difference']:.1f}", interval(row)]


def interval(row: dict[str, float]) -> str:
    return f"{100 * row['low']:.1f} to {100 * row['high']:.1f}"


def manifests(study: str, arm: str) -> list[dict[str, Any]]:
    """What the runs of an arm say of themselves, seed by seed."""
    return [json.loads(file.read_text()) for file in sorted((EVIDENCE / study / arm).glob("*/manifest.json"))]


def learned(study: str, arm: str, metric: str) -> float:
    arms = tasks()[study]["arms"]
    return arms[arm][metric]["mean"] - arms["few-shot"][metric]["mean"]


def share(study: str, arm: str) -> str:
    """Which share of what the right item's score gains in training the hard negatives gain."""
    return f"{100 * learned(study, arm, 'd_hard') / learned(study, arm, 'd_pos'):.0f} %"


def over_similarity(study: str, arm: str) -> list[str]:
    """What a reward gains over similarity in Recall@10, and the interval."""
    if arm == "grape":
        return gain(study, "grpo-similarity")
    rows = rows_under("| study | reward | over similarity |")
    return next((figures(row[2]) for row in rows if row[:2] == (study, f"`{arm}`")), [])


def by_other_steps(study: str, arm: str) -> list[str]:
    """What an arm gains in Recall@10 by a study's steps over the default's, and the interval."""
    rows = rows_under(LEADS)
    return figures(next(row[2] for row in rows if row[:2] == (study, arm)))
