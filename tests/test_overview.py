"""One table over several tasks, against means taken by hand."""

import json
from pathlib import Path

import pytest

from grape_rewrite import UserError
from grape_rewrite.ablation import Study
from grape_rewrite.overview import markdown, overview, read_task_figures


def evaluation(folder: Path, **recall: float) -> Path:
    """What `grape evaluate` leaves of a task, as far as it is read here."""
    folder.mkdir()
    row = {"a": "grape", "metric": "recall@10", "p": 0.01}
    gains = (
        {name: recall["grape"] - value for name, value in recall.items() if name != "grape"}
        if "grape" in recall
        else {}
    )
    found = {
        "queries": 100,
        "methods": {name: {"recall@10": value} for name, value in recall.items()},
        "comparisons": [
            {**row, "b": name, "difference": gain, "low": gain - 0.02, "high": gain + 0.02}
            for name, gain in gains.items()
        ],
    }
    (folder / "evaluation.json").write_text(json.dumps(found))
    return folder


RECALL = {
    "scenes": {"raw": 0.05, "zero-shot": 0.12, "few-shot": 0.40, "english": 0.9, "grape": 0.55},
    "cirr": {"raw": 0.30, "zero-shot": 0.35, "grape": 0.40},
}


def test_average_gains_are_means_over_the_tasks_that_have_the_method(tmp_path: Path) -> None:
    found = overview(
        {name: read_task_figures(evaluation(tmp_path / name, **values)) for name, values in RECALL.items()}
    )
    assert found["average"]["raw"] == {"difference": pytest.approx((0.5 + 0.1) / 2), "tasks": 2}
    assert found["average"]["zero-shot"]["difference"] == pytest.approx((0.43 + 0.05) / 2)
    assert found["average"]["few-shot"] == {"difference": pytest.approx(0.15), "tasks": 1}
    assert found["average"]["best untrained"] == {"difference": pytest.approx((0.15 + 0.05) / 2), "tasks": 2}
    lines = markdown(found).splitlines()
    assert lines[2] == (
        "| scenes | 100 | 0.050 | 0.120 | 0.400 | 0.400 (few-shot) | 0.550 | +50.0 (+48.0 to +52.0) "
        "| +15.0 (+13.0 to +17.0) |"
    )
    assert lines[3].startswith("| cirr | 100 | 0.300 | 0.350 |  | 0.350 (zero-shot) | 0.400 | +10.0")
    assert lines[4] == "| average |  |  |  |  |  |  | +30.0 | +10.0 |"
    assert len({line.count("|") for line in lines}) == 1


def test_without_a_comparison_with_the_best_nothing_is_said_of_it(tmp_path: Path) -> None:
    """As when an evaluation compared with the raw queries alone."""
    folder = evaluation(tmp_path / "scenes", **RECALL["scenes"])
    summary = json.loads((folder / "evaluation.json").read_text())
    summary["comparisons"] = [row for row in summary["comparisons"] if row["b"] == "raw"]
    (folder / "evaluation.json").write_text(json.dumps(summary))
    found = overview({"scenes": read_task_figures(folder)})
    assert list(found["average"]) == ["raw"]
    assert markdown(found).splitlines()[2:] == [
        "| scenes | 100 | 0.050 | 0.550 | +50.0 (+48.0 to +52.0) |  |",
        "| average |  |  |  | +50.0 |  |",
    ]


def study(folder: Path, **recall: float) -> Path:
    """What `grape ablate` leaves, as far as it is read here: GRAPE has two seeds around its mean."""
    arms: dict[str, dict[str, str]] = {"grape": {}, "sft": {"algorithm": "best-of-group"}}
    Study(data="scenes", retriever="lite-clip", rewriter="gemma-3-270m", arms=arms, seeds=[0, 1]).begin(folder)
    row = {"a": "grape", "p": 0.01, "p_holm": 0.02, "seeds": [0, 1]}
    found = {
        "queries": 200,
        "arms": {
            name: {"recall@10": {"mean": value, "std": 0.02 if name == "grape" else None}}
            for name, value in recall.items()
        },
        "comparisons": [
            {**row, "b": name, "metric": metric, "difference": recall["grape"] - value, "low": 0.01, "high": 0.2}
            for metric in ("recall@10", "mrr")
            for name, value in recall.items()
            if name != "grape"
        ],
    }
    (folder / "results.json").write_text(json.dumps(found))
    return folder


def test_a_study_is_shown_with_its_best_baseline_and_its_spread(tmp_path: Path) -> None:
    values = {"raw": 0.1, "few-shot": 0.3, "mean": 0.42, "english": 0.9, "grape": 0.5, "sft": 0.45}
    found = overview({"scenes": read_task_figures(study(tmp_path / "scenes", **values))})
    assert found["tasks"]["scenes"]["best"] == "mean"
    assert found["average"]["best untrained"]["difference"] == pytest.approx(0.08)
    assert "0.420 (mean) | 0.500 ± 0.020 | +40.0 (+1.0 to +20.0) | +8.0" in markdown(found)
    (tmp_path / "scenes" / "results.json").unlink()
    with pytest.raises(UserError, match=r"has no results\.json; grape ablate --report writes it"):
        read_task_figures(tmp_path / "scenes")


def test_what_is_no_evaluation_gets_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no evaluation\.json"):
        read_task_figures(tmp_path)
    untrained = evaluation(tmp_path / "untrained", raw=0.1, **{"few-shot": 0.2})
    with pytest.raises(UserError, match=r"has no trained rewriter beside raw queries; it has raw, few-shot"):
        read_task_figures(untrained)
    half = '{"methods": {"raw": {"recall@10": 0.1}, "grape": {"recall@10": 0.2}}, "comparisons": []}'  # no queries
    for content in (
        '{"queries": 1, "methods": [], "comparisons": []}',
        '{"queries": 1, "methods": {"raw": {"recall@10": 0.1}}, "comparisons": [[]]}',
    ):
        (untrained / "evaluation.json").write_text(content)
        with pytest.raises(UserError, match=r"evaluation\.json is no evaluation"):
            read_task_figures(untrained)
    (evaluation(tmp_path / "nan", raw=float("nan"), grape=0.5) / "other").touch()
    with pytest.raises(UserError, match=r"evaluation\.json has a figure that is no number"):
        read_task_figures(tmp_path / "nan")
    for content in ("{", "[" * 100_000, "[]", "{}", '{"methods": {"raw": 3}}', half):
        (untrained / "evaluation.json").write_text(content)
        with pytest.raises(UserError, match=r"evaluation\.json is no evaluation"):
            read_task_figures(untrained)
