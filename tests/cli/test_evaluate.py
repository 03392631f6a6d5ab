"""`grape evaluate` end to end, on tiny models."""

import json
import shutil
from pathlib import Path

import pytest


def test_evaluate_prints_evaluation_json_and_nothing_else(
    grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tmp_path: Path
) -> None:
    found = grape(
        *("evaluate", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--rewriter", adapter),
        *("--out", tmp_path / "evaluation", "--json"),
    )
    assert found.code == 0, found.err
    summary = json.loads(found.out)
    assert set(summary["methods"]) == {"raw", "zero-shot", "few-shot", "english", "grape"}
    assert json.loads((tmp_path / "evaluation" / "evaluation.json").read_text()) == summary
    report = (tmp_path / "evaluation" / "report.html").read_text()
    typed = (
        f"{tiny_dataset_folder} --retriever {tiny_retriever_folder} --rewriter {adapter} --out {tmp_path}/evaluation"
    )
    assert f"grape evaluate {typed}\n" in report.replace("</code>", "\n")


def test_an_operating_point_is_named_and_measured(
    grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tmp_path: Path
) -> None:
    arguments = ("evaluate", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--rewriter", adapter)
    found = grape(
        *(*arguments, "--out", tmp_path / "o", "--operating-point", "best"),
        *("--max-unreadable", 0.5, "--allow-mismatch"),
    )
    assert found.code == 0, found.err
    point = json.loads((tmp_path / "o" / "operating_point.json").read_text())
    assert f"To deploy: {point['strategy']} (best: the highest Recall@10)" in found.out
    deployed = (
        *("--retriever", tiny_retriever_folder, "--rewriter", adapter),
        *("--allow-mismatch", "--max-unreadable", 0.5, "--strategy", point["strategy"]),
    )
    said = f"As in: grape search {tiny_dataset_folder} QUERY {' '.join(map(str, deployed))}"
    assert said in found.out.replace("\n", " ").replace("  ", " ")
    assert grape("search", tiny_dataset_folder, "rot", *deployed).code == 0
    tried = [one["strategy"] for one in point["points"] if not one["strategy"].startswith("except-")]
    for place, strategy in enumerate(tried, 1):
        assert f"Choosing how to search, {place} of {len(tried)}: {strategy} ..." in found.err.splitlines()
    assert "note: the choice is by 16 dev queries; fewer than 100 tell strategies apart only roughly" in found.err
    summary = json.loads((tmp_path / "o" / "evaluation.json").read_text())
    assert point["strategy"] in {"raw", "greedy"} or point["strategy"] in summary["methods"]
    for wrong, words in (
        (("--operating-point", "cheap"), "fast, safe, best"),
        (("--rewriter", "x"), "one rewriter"),
        (("--split", "dev"), "chosen on dev"),
    ):
        refused = grape(*arguments, "--operating-point", "best", *wrong)
        assert refused.code == 2
        assert words in refused.error_lines[0]


def test_nothing_stays_of_an_evaluation_that_is_replaced(
    grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tmp_path: Path
) -> None:
    arguments = ("evaluate", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--rewriter", adapter)
    out = tmp_path / "o"
    first = grape(*arguments, "--out", out, "--operating-point", "safe", "--strategy", "mean-2", "--queries", 4)
    assert first.code == 0, first.err
    assert (out / "operating_point.json").is_file()
    assert (out / "runs" / "mean-2.trec").is_file()
    (out / "runs" / "notes.txt").write_text("mine")
    again = grape(*arguments, "--out", out, "--queries", 4)
    assert again.code == 0, again.err
    assert "will be replaced" in again.err
    methods = json.loads((out / "evaluation.json").read_text())["methods"]
    assert {file.name for file in (out / "runs").iterdir()} == {"notes.txt", *(f"{name}.trec" for name in methods)}
    assert not (out / "operating_point.json").exists()


def test_a_study_is_not_written_over(
    grape, cache, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "study.yaml").write_text("arms: {}\n")
    (tmp_path / "report.html").write_text("mine")
    models = ("--retriever", tiny_retriever_folder, "--rewriter", tiny_model_folder)
    refused = grape("evaluate", tiny_dataset_folder, *models, "--out", tmp_path)
    assert refused.code == 2
    [line] = refused.error_lines
    assert f"{tmp_path} holds a study of grape ablate; use another --out folder" in line
    assert (tmp_path / "report.html").read_text() == "mine"


def test_other_ways_to_search_are_measured_beside(
    grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tmp_path: Path
) -> None:
    arguments = ("evaluate", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--rewriter", adapter)
    ways = ("mean-2+raw-0.5", "greedy", "except-de:greedy")
    asked = [word for way in ways for word in ("--strategy", way)]
    found = grape(*arguments, *asked, "--out", tmp_path / "o", "--json")
    assert found.code == 0, found.err
    methods = json.loads(found.out)["methods"]
    own = {"raw", "zero-shot", "few-shot", "english", "grape"}
    assert set(methods) == own | {"mean-2+raw-0.5", "except-de:greedy"}
    assert methods["mean-2+raw-0.5"]["rewrite_tokens"] > methods["grape"]["rewrite_tokens"]
    assert methods["except-de:greedy"]["rewrite_tokens"] < methods["grape"]["rewrite_tokens"]
    assert " ".join(map(str, asked)) in (tmp_path / "o" / "report.html").read_text()
    for wrong, words in (
        (("--strategy", "best"), "unknown strategy 'best'"),
        (("--strategy", "raw", "--rewriter", "x"), "one rewriter, and 2 are given"),
    ):
        refused = grape(*arguments, *wrong)
        assert refused.code == 2
        assert words in refused.error_lines[0]


def test_an_adapter_for_another_retriever_is_refused_unless_allowed(
    grape, adapter: Path, tiny_dataset_folder: Path, tmp_path: Path
) -> None:
    arguments = (
        "evaluate",
        tiny_dataset_folder,
        "--retriever",
        "minilm",
        "--rewriter",
        adapter,
        "--out",
        tmp_path / "o",
    )
    refused = grape(*arguments)
    assert refused.code == 2
    assert len(refused.error_lines) == 1
    assert "--allow-mismatch" in refused.err
    assert not (tmp_path / "o").exists()
    assert grape(*arguments, "--allow-mismatch", "--queries", 4).code == 0


def test_rewriters_are_compared(
    grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tiny_chat_folder: Path, tmp_path: Path
) -> None:
    found = grape(
        *("evaluate", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--out", tmp_path / "o", "--json"),
        *("--rewriter", adapter, "--rewriter", tiny_chat_folder, "--queries", 6),
    )
    assert found.code == 0, found.err
    own = {"raw", "zero-shot", "few-shot", "english", "grape"}
    assert set(json.loads(found.out)["methods"]) == own | {
        f"{name}, {tiny_chat_folder}" for name in ("zero-shot", "few-shot")
    }


def test_adapters_are_told_from_methods_and_the_last_has_the_curves(
    grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    shown: list[object] = []
    monkeypatch.setattr("grape_rewrite.evaluation.write_report", lambda *given, **_: shown.append(given[2]))
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("english", "raw")):
        shutil.copytree(adapter, tmp_path / name)
        (tmp_path / name / "history.jsonl").write_text(f'{{"step": {number}, "seconds": 1.0}}\n')
    found = grape(
        *("evaluate", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--queries", 6, "--json"),
        *("--rewriter", "english", "--rewriter", "raw"),
    )
    assert found.code == 0, found.err
    summary = json.loads(found.out)
    assert set(summary["methods"]) == {"raw", "zero-shot", "few-shot", "english", "./english", "./raw"}
    assert {row["a"] for row in summary["comparisons"]} == {"./raw"}
    assert shown == [[{"step": 1, "seconds": 1.0}]]
