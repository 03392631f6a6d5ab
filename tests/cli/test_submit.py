"""`grape submit`."""

import json
from pathlib import Path


def test_the_command_writes_them(
    grape, unjudged_folder: Path, tiny_clip_folder: Path, tiny_model_folder: Path, cache: Path, tmp_path: Path
) -> None:
    models = ("--retriever", tiny_clip_folder, "--rewriter", tiny_model_folder, "--prompt", "composed")
    out = tmp_path / "out"
    found = grape("submit", unjudged_folder, "--split", "test1", *models, "--out", out)
    assert found.code == 0, found.err
    assert {file.name for file in out.iterdir()} == {
        "test1.trec",
        "recall_submission.json",
        "recall_subset_submission.json",
    }
    pairs = json.loads((out / "recall_subset_submission.json").read_text())
    assert {len(ids) for ids in pairs.values() if isinstance(ids, list)} == {3}
    refused = grape("submit", unjudged_folder, "--split", "test", *models, "--out", tmp_path / "no")
    assert refused.code == 2
    assert "no file unjudged/test.txt" in refused.error_lines[0]
    assert not (tmp_path / "no").exists()
    spec = ("--split", "test1", "--strategy", "except-en:greedy")
    refused = grape("submit", unjudged_folder, *spec, *models, "--out", tmp_path / "no")
    assert refused.code == 2
    assert "none has one; test1 queries need a language in queries.jsonl" in refused.error_lines[0]
    assert not (tmp_path / "no").exists()
