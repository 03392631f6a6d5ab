"""`grape demo` from the command line, on tiny models."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grape_rewrite import demo
from grape_rewrite.lock import locked


@pytest.fixture
def tiny_demo(
    grape,
    cache: Path,
    tiny_dataset_folder: Path,
    tiny_retriever_folder: Path,
    tiny_model_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Any]:
    """Runs the demo into `tmp_path / "demo"`."""
    monkeypatch.setattr(demo, "RETRIEVER", str(tiny_retriever_folder))
    monkeypatch.setattr(demo, "REWRITER", str(tiny_model_folder))
    monkeypatch.setattr(demo, "build_scenes", lambda progress: tiny_dataset_folder)
    return lambda steps=1: grape("demo", "--out", tmp_path / "demo", "--steps", steps, "--queries", 4)


def test_each_part_is_said_in_a_pipe_too(tiny_demo, tmp_path: Path) -> None:
    found = tiny_demo()
    assert found.code == 0, found.err
    assert [line for line in found.err.splitlines() if line.endswith(" ...")] == [
        "Loading libraries ...",
        "Building the data set, unless it is there ...",
        "Loading the retriever, whose head is fitted the first time ...",
        "Embedding the corpus ...",
        "Loading the rewriter ...",
        "Training ...",
        "Evaluating ...",
    ]
    assert "step 1" in found.err
    report = (tmp_path / "demo" / "report.html").read_text()
    assert f"grape demo --out {tmp_path / 'demo'} --seed 0 --steps 1 --queries 4" in report


def test_one_that_has_finished_is_made_again(tiny_demo, tmp_path: Path) -> None:
    assert tiny_demo(steps=1).code == 0
    again = tiny_demo(steps=2)
    assert again.code == 0, again.err
    assert "Training ..." in again.err
    rows = (tmp_path / "demo" / "history.jsonl").read_text().splitlines()
    assert [json.loads(row)["step"] for row in rows] == [0, 1, 2]


def test_one_that_was_interrupted_in_its_evaluation_is_not_trained_again(
    tiny_demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(demo, "evaluate", interrupted)
        found = tiny_demo()
    assert found.code == 130
    assert f"grape demo --out {tmp_path / 'demo'} --seed 0 --steps 1 --queries 4" in found.err
    kept = (tmp_path / "demo" / "adapter_model.safetensors").read_bytes()
    again = tiny_demo()
    assert again.code == 0, again.err
    assert "Training ..." not in again.err
    assert (tmp_path / "demo" / "adapter_model.safetensors").read_bytes() == kept
    assert (tmp_path / "demo" / "report.html").is_file()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("config.yaml", "holds a run of grape train; use another --out folder"),
        ("checkpoints/checkpoint-7/trainer_state.json", "was begun with steps=160, not 1; go on with the same values"),
        ("grape.json", "was begun with steps=160, not 1; go on with the same values, or use another --out folder"),
    ],
)
def test_another_run_is_let_be(tiny_demo, tmp_path: Path, made: str, said: str) -> None:
    folder = tmp_path / "demo"
    (folder / made).parent.mkdir(parents=True)
    (folder / made).write_text("{}")
    (folder / "training.json").write_text('{"steps": 160}')
    before = sorted(folder.rglob("*"))
    found = tiny_demo()
    assert found.code == 2
    assert said in found.error_lines[-1]
    assert "Loading the retriever" not in found.err
    assert sorted(folder.rglob("*")) == before


def test_a_folder_that_another_process_works_in(tiny_demo, tmp_path: Path) -> None:
    with locked(tmp_path / "demo"):
        found = tiny_demo()
        assert list((tmp_path / "demo").glob("[!.]*")) == []
    assert found.code == 2
    assert found.error_lines[-1].startswith(f"error: another process is at work on {tmp_path / 'demo'}")
