"""`grape headroom` end to end, on tiny models."""

import json
from pathlib import Path

import pytest

from grape_rewrite.rewriting import Rewriter


def test_rewrites_are_cut_off_where_it_is_said(
    grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tiny_model_folder: Path,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asked = (tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--queries", 4, "--json")
    out = ("--out", tmp_path / "o")
    longest = {}
    for length in (2, 5):
        made = ("--rewriter", tiny_model_folder, "--max-tokens", length, "--strategy", "mean-8")
        longest[length] = json.loads(grape("evaluate", *asked, *out, *made).out)["methods"]["mean-8"]["rewrite_tokens"]
    assert longest[2] <= 8 * 2 < longest[5] <= 8 * 5
    loaded: list[int] = []
    load = Rewriter.load
    monkeypatch.setattr(Rewriter, "load", lambda *given, **named: loaded.append(given[2]) or load(*given, **named))
    for command in (("headroom", *asked, "--group", 2), ("rewrite", "rot Apfel")):
        assert grape(*command, "--rewriter", tiny_model_folder, "--max-tokens", 3).code == 0
    assert loaded == [3, 3]
    for command in (("headroom", *asked), ("rewrite", "rot Apfel"), ("evaluate", *asked, *out)):
        refused = grape(*command, "--rewriter", adapter, "--max-tokens", 4)
        assert refused.code == 2
        assert "brings the length that it was trained with; leave --max-tokens out" in refused.error_lines[0]


def test_headroom_as_json(
    grape, cache, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tiny_model_folder: Path
) -> None:
    found = grape(
        *("headroom", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--rewriter", tiny_model_folder),
        *("--queries", 6, "--group", 2, "--json"),
    )
    assert found.code == 0, found.err
    assert json.loads(found.out)["queries"] == 6
    assert "note: 6 queries tell little; 100 or more say what there is" in found.err
