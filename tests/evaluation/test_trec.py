"""Run files read back as written, by us, by ranx and by a plain split."""

import numpy as np
import pytest
import ranx
from hypothesis import given, settings
from hypothesis import strategies as st

from grape_rewrite.atomic import write_text
from grape_rewrite.errors import UserError
from grape_rewrite.evaluation.trec import run_text

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(lambda id: id.split() == [id])
results = st.dictionaries(words, st.floats(-1, 1, allow_nan=False) | st.floats(-1, 1, width=32), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(run=st.dictionaries(words, results, max_size=4), tag=st.text(st.characters(exclude_categories=["Cs"])))
def test_round_trip(tmp_path_factory, run, tag):
    path = tmp_path_factory.mktemp("run") / "method.trec"
    listed = {query: list(found.items()) for query, found in run.items()}
    write_text(path, run_text(listed, tag))
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
    write_text(tmp_path / "grape.trec", run_text(run, "grape"))
    theirs = ranx.Run.from_file(str(tmp_path / "grape.trec"), kind="trec")
    assert {query: list(found.items()) for query, found in theirs.to_dict().items()} == run


def test_places_count_from_one(tmp_path):
    text = run_text({"q": [("a", 0.5), ("b", 0.25)]}, "zero shot")
    assert text == "q Q0 a 1 0.5 zero-shot\nq Q0 b 2 0.25 zero-shot\n"


@pytest.mark.parametrize("id", ["two words", "", "a\u3000b", "line\nbreak"])
def test_an_id_that_the_format_cannot_hold_is_named(id):
    with pytest.raises(UserError, match="cannot stand in a TREC run file"):
        run_text({"q": [(id, 1.0)]}, "raw")
