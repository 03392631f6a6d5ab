"""`grape rewrite` end to end, on a tiny adapter."""

import json
from pathlib import Path

import pytest

from grape_rewrite.rewriting import Rewriter


def test_rewrite_prints_a_line_for_each_query(grape, adapter: Path, tmp_path: Path) -> None:
    (tmp_path / "queries.txt").write_text("Hund rot\nKatze\n", encoding="utf-8")
    found = grape("rewrite", "Apfel", "--rewriter", adapter, "--file", tmp_path / "queries.txt", "--json")
    assert [json.loads(line)["query"] for line in found.out.splitlines()] == ["Apfel", "Hund rot", "Katze"]


def test_only_line_ends_divide_queries_and_a_rewrite_is_one_line(
    grape, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = ["ein\u2028Apfel", "zwei\x0cBirnen", "drei\x85", "vier\rFeigen"]
    for name, ends in (("unix", "\n"), ("windows", "\r\n")):
        (tmp_path / name).write_bytes(("\ufeff" + ends.join(queries) + ends).encode())
        found = grape("rewrite", "--rewriter", adapter, "--file", tmp_path / name, "--json")
        assert [json.loads(line)["query"] for line in found.out.split("\n") if line] == queries
    monkeypatch.setattr(Rewriter, "rewrite", lambda *_, **__: [["an\n\napple\u2028pie"]])
    assert grape("rewrite", "Apfel", "--rewriter", adapter).out == "an apple pie\n"


def test_several_rewrites_stand_beside_their_query(grape, adapter: Path) -> None:
    found = grape("rewrite", "Apfel", "Hund rot", "--rewriter", adapter, "--group", 2, "--temperature", 1)
    assert [line.split("\t")[0] for line in found.out.splitlines()] == ["Apfel", "Apfel", "Hund rot", "Hund rot"]
