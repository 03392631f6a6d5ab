"""Run files read back as written, by us, by ranx and by a plain split."""

import numpy as np
import pytest
import ranx
from hypothesis import given, settings
from hypothesis import strategies as st

from grape_rewrite.errors import UserError
from grape_rewrite.evaluation.trec import write_run

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(lambda id: id.split() == [id])
results = st.dictionaries(words, st.floats(-1, 1, allow_nan=False) | st.floats(-1, 1, width=32), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(run=st.dictionaries(words, results, max_size=4), tag=st.text(st.characters(exclude_categories=["Cs"])))
def test_round_trip(tmp_path_factory, run, tag):
    path = tmp_path_factory.mktemp("run") / "method.trec"
    listed = {query: list(found.items()) for query, found in run.items()}
    write_run(path, listed, tag)
    read: dict[str, list[tuple[str, float]]] = {}
    for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
        query, _, item, _, score, _ = line.split()
        read.setdefault(query, []).append((item, float(score)))
    assert read == listed


def test_ranx_reads_it(tmp_path):
    rng = np.random.default_rng(0)
    scores = rng.random((5, 20)).astype(np.float32)
    order = np.argsort(-scores, axis=1)
    run = {f"q{row}": [(f"d{item}", float(scores[row, item])) for item in order[row]] for row in range(5)}
    write_run(tmp_path / "grape.trec", run, "grape")
    theirs = ranx.Run.from_file(str(tmp_path / "grape.trec"), kind="trec")
    assert {query: list(found.items()) for query, found in theirs.to_dict().items()} == run


def test_places_count_from_one(tmp_path):
    write_run(tmp_path / "runs" / "raw.trec", {"q": [("a", 0.5), ("b", 0.25)]}, "zero shot")
    assert (tmp_path / "runs" / "raw.trec").read_text() == "q Q0 a 1 0.5 zero-shot\nq Q0 b 2 0.25 zero-shot\n"


@pytest.mark.parametrize("id", ["two words", "", "a\u3000b", "line\nbreak"])
def test_an_id_that_the_format_cannot_hold_is_named(tmp_path, id):
    with pytest.raises(UserError, match="cannot stand in a TREC run file"):
        write_run(tmp_path / "x.trec", {"q": [(id, 1.0)]}, "raw")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(UserError, match="cannot write"):
        write_run(tmp_path / "runs" / "raw.trec", {"q": [("d", 1.0)]}, "raw")
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
