"""`grape demo` from the command line, on tiny models."""

from pathlib import Path

import pytest

from grape_rewrite import demo


def test_each_part_is_said_in_a_pipe_too(
    grape,
    cache: Path,
    tiny_dataset_folder: Path,
    tiny_retriever_folder: Path,
    tiny_model_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demo, "RETRIEVER", str(tiny_retriever_folder))
    monkeypatch.setattr(demo, "REWRITER", str(tiny_model_folder))
    monkeypatch.setattr(demo, "build_scenes", lambda progress: tiny_dataset_folder)
    found = grape("demo", "--out", tmp_path / "demo", "--steps", 1, "--queries", 4)
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
    assert (tmp_path / "demo" / "report.html").is_file()
