"""The whole evaluation on colours: the numbers in its file agree with ranx, with hand counts and with its run files."""

import json
from dataclasses import replace

import numpy as np
import pytest
import ranx

from grape_rewrite.datasets import Query, Split
from grape_rewrite.errors import UserError
from grape_rewrite.evaluation import METRICS, evaluate_methods
from grape_rewrite.evaluation.summary import cluster_labels
from grape_rewrite.searching import Searching
from tests.leaves import leaves


def test_file_holds_what_the_design_promises(evaluate, pictures, tmp_path, read_json):
    evaluation = evaluate(pictures)
    evaluation.write(tmp_path / "out")
    found = read_json((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))
    assert found == evaluation.summary
    assert list(found["methods"]) == ["raw", "zero-shot", "grape", "english"]
    for method in found["methods"].values():
        assert {*METRICS, "harm", "d_pos", "d_neg", "d_hard", "margin", "rewrite_tokens", "ms_per_query"} <= set(method)
        for metric in METRICS:
            interval = method["intervals"][metric]
            assert 0 <= interval["low"] <= method[metric] <= interval["high"] <= 1
    assert (found["queries"], found["corpus"], found["clusters"], found["seed"]) == (24, 12, 12, 0)
    assert found["methods"]["grape"]["ms_per_query"] == 40
    assert found["methods"]["raw"]["ms_per_query"] is None
    assert set(found["fingerprints"]) == {"retriever", "corpus", "queries"}
    assert {(row["a"], row["b"], row["metric"]) for row in found["comparisons"]} == {
        ("grape", other, metric)
        for other in ("raw", "zero-shot", "english")
        for metric in ("recall@10", "mrr", "recall@1")
    }


def test_numbers_agree_with_ranx_on_the_run_files(evaluate, pictures, tmp_path, split_for):
    evaluation = evaluate(pictures)
    evaluation.write(tmp_path)
    qrels = ranx.Qrels(split_for(pictures).qrels)
    for name, method in evaluation.summary["methods"].items():
        run = ranx.Run.from_file(str(tmp_path / "runs" / f"{name}.trec"), kind="trec")
        theirs = ranx.evaluate(qrels, run, list(METRICS))
        for metric in METRICS:
            assert method[metric] == pytest.approx(theirs[metric], abs=1e-9), (name, metric)


def test_the_reference_does_no_harm_and_inflates_nothing(evaluate, pictures):
    raw = evaluate(pictures).summary["methods"]["raw"]
    assert [raw[key] for key in ("harm", "harm_loss", "d_pos", "d_neg", "d_hard", "margin")] == [0] * 6


def test_inflation_and_harm_are_against_the_reference(evaluate, pictures, retriever, split_for):
    evaluation = evaluate(pictures)
    split = split_for(pictures)
    images = retriever.embed_images([item.image for item in pictures])
    raw, human = (retriever.embed_texts(texts) @ images.T for texts in (split.texts, [q.reference for q in split]))
    rows = np.arange(24)
    right = rows // 2  # two languages for each picture
    wrong = np.ones((24, 12), dtype=bool)
    wrong[rows, right] = False
    found = evaluation.summary["methods"]["english"]
    change = human - raw
    assert found["d_pos"] == pytest.approx(change[rows, right].mean(), abs=1e-6)
    assert found["d_neg"] == pytest.approx(change[wrong].mean(), abs=1e-6)
    hardest = [np.sort(scores[wrong].reshape(24, 11), axis=1)[:, -10:].mean() for scores in (human, raw)]
    assert found["d_hard"] == pytest.approx(hardest[0] - hardest[1], abs=1e-6)
    assert found["margin"] == pytest.approx(found["d_pos"] - found["d_hard"])
    ranks = [(scores > scores[rows, right][:, None]).sum(axis=1) for scores in (human, raw)]
    assert found["harm"] == np.mean(ranks[0] > ranks[1])


def test_human_names_find_their_colours(evaluate, pictures):
    summary = evaluate(pictures).summary
    assert summary["methods"]["english"]["recall@1"] == 1
    assert summary["methods"]["grape"]["recall@1"] == pytest.approx(20 / 24, abs=0.09)
    [against_raw] = [row for row in summary["comparisons"] if row["b"] == "raw" and row["metric"] == "recall@1"]
    assert against_raw["low"] > 0
    assert against_raw["p"] < 0.01


def test_languages_add_up_to_the_whole(evaluate, pictures):
    summary = evaluate(pictures).summary
    assert list(summary["by_language"]) == ["ar", "de"]
    for name, method in summary["methods"].items():
        for metric in METRICS:
            parts = [entry["methods"][name][metric] * entry["queries"] for entry in summary["by_language"].values()]
            assert sum(parts) / summary["queries"] == pytest.approx(method[metric])


def test_texts_without_language(evaluate, texts, split_for):
    split = split_for(texts)
    plain = Split("test", [Query(query.id, query.text, reference=query.reference) for query in split], split.qrels)
    summary = evaluate(texts, plain).summary
    assert summary["by_language"] == {}
    assert summary["methods"]["english"]["recall@1"] == 1


def test_several_graded_positives(evaluate, pictures, tmp_path, split_for):
    split = split_for(pictures)
    qrels = {query.id: {"red": 2, "pink": 1, "magenta": 1} for query in split}
    evaluation = evaluate(pictures, Split("test", split.queries, qrels))
    evaluation.write(tmp_path)
    theirs = ranx.evaluate(
        ranx.Qrels(qrels), ranx.Run.from_file(str(tmp_path / "runs" / "raw.trec"), kind="trec"), list(METRICS)
    )
    assert {metric: evaluation.summary["methods"]["raw"][metric] for metric in METRICS} == pytest.approx(theirs)
    assert evaluation.summary["clusters"] == 1


def test_same_seed_same_file(evaluate, pictures):
    assert evaluate(pictures).to_json() == evaluate(pictures).to_json()


def test_each_text_is_embedded_once(evaluate, pictures, retriever, monkeypatch):
    seen = []
    embed = type(retriever).embed_texts
    monkeypatch.setattr(
        type(retriever), "embed_texts", lambda self, given, **more: seen.extend(given) or embed(self, given)
    )
    evaluate(pictures)
    assert len(seen) == len(set(seen)) > 24


def test_a_disk_that_is_full_takes_nothing_of_the_evaluation_before(evaluate, pictures, tmp_path):
    evaluate(pictures, old=["red"] * 24).write(tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    new = evaluate(pictures, other=["blue"] * 24)
    long = replace(new, methods={**new.methods, "x" * 300: new.methods["raw"]})  # a name that is too long for a file
    with pytest.raises(UserError, match="cannot write"):
        long.write(tmp_path)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before
    new.write(tmp_path)
    assert not (tmp_path / "runs" / "old.trec").exists()
    assert (tmp_path / "runs" / "other.trec").is_file()


def test_query_records(evaluate, pictures, tmp_path):
    evaluate(pictures).write(tmp_path)
    records = [json.loads(line) for line in (tmp_path / "rewrites.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(records) == 24
    assert records[2]["_id"] == "green.de"
    assert records[2]["positives"] == ["green"]
    assert records[2]["methods"]["english"]["rewrite"] == "green"
    assert records[2]["methods"]["english"]["rank"] == 1
    assert records[2]["methods"]["english"]["top"][0] == "green"


def test_cut_and_empty_rewrites_are_counted(evaluate, pictures):
    methods = evaluate(pictures, short=["red " * 9] * 10 + [" "] * 14).summary["methods"]
    assert (methods["short"]["truncated"], methods["short"]["empty"]) == (10, 14)


def test_a_method_named_after_a_folder_stays_in_its_own(evaluate, pictures, tmp_path):
    evaluate(pictures, **{"../runs/a b": ["red"] * 24}).write(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out" / "runs").iterdir())[0] == "..%2Fruns%2Fa%20b.trec"


def test_large_corpora_are_scored_in_parts(evaluate, pictures, monkeypatch):
    whole = dict(leaves(evaluate(pictures).summary))
    monkeypatch.setattr("grape_rewrite.index.index.SLAB", 60)
    parts = dict(leaves(evaluate(pictures).summary))
    assert parts.keys() == whole.keys()
    for place, value in whole.items():  # products of other shapes may be rounded otherwise
        assert parts[place] == (pytest.approx(value, abs=1e-6) if isinstance(value, float) else value), place


def test_a_method_that_lacks_rewrites(retriever, pictures, tmp_path, split_for):
    index = retriever.index(pictures, cache=tmp_path / "cache")
    with pytest.raises(UserError, match="method 'grape' has 1 rewrites for 24 queries of 'test'"):
        evaluate_methods({"raw": None, "grape": ["red"]}, index, split_for(pictures))


def test_an_empty_split(retriever, pictures, tmp_path):
    with pytest.raises(UserError, match="split 'test' has no queries"):
        evaluate_methods({"raw": None}, retriever.index(pictures, cache=tmp_path / "cache"), Split("test", [], {}))


def test_a_failing_retriever_stops_the_evaluation(evaluate, pictures, retriever, monkeypatch):
    broken = lambda self, given, **more: np.full((len(given), 3), np.nan, dtype=np.float32)  # noqa: E731
    monkeypatch.setattr(type(retriever), "embed_texts", broken)
    with pytest.raises(UserError, match="retriever 'colours' gives no finite embedding for 'rot'"):
        evaluate(pictures)


def test_unreadable_pictures_are_counted_and_never_found(retriever, pictures, split_for, tmp_path):
    pictures[3].image.write_bytes(b"no picture")
    index = retriever.index(pictures, cache=tmp_path / "cache", max_unreadable=0.5)
    evaluation = evaluate_methods({"raw": None, "grape": ["red"] * 24}, index, split_for(pictures))
    assert evaluation.summary["skipped"] == 1
    for method in evaluation.methods.values():
        assert method.top.shape == (24, 11)
        assert 3 not in method.top
        # Asked for, such a picture is last.
        assert method.ranks[6:8].tolist() == [12, 12]


def test_the_picture_of_a_query_is_never_found_and_does_not_count(evaluate, pictures, split_for, monkeypatch):
    monkeypatch.setattr(
        "grape_rewrite.index.index.Searching", lambda: Searching(picture_weight=0.0)
    )  # searched with by its text alone
    split = split_for(pictures)
    red = pictures[pictures.position["red"]]
    composed = [replace(query, image=red.image) for query in split.queries]
    with_picture = evaluate(pictures, Split("test", composed, split.qrels))
    plain = evaluate(pictures, split)
    positives = split.positives(pictures)
    for name, method in with_picture.methods.items():
        for row, relevant in enumerate(positives):
            if 0 in relevant:  # who asks for the picture itself finds it
                assert method.ranks[row] == plain.methods[name].ranks[row]
            else:
                assert 0 not in method.top[row]
                others = [item for item in plain.methods[name].top[row] if item != 0]
                assert method.top[row].tolist() == others[: method.top.shape[1]]


def test_clusters_are_sets_of_positives():
    assert cluster_labels([np.array([4]), np.array([4, 7]), np.array([7, 4]), np.array([4])]).tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("names", "ours"),
    [
        (["raw", "zero-shot", "grape", "english"], "grape"),
        (["raw", "zero-shot", "few-shot", "english"], "few-shot"),  # a person is no method to praise
        (["raw", "english"], "english"),
    ],
)
def test_what_is_compared_is_the_trained_one_or_the_last_that_is_no_person(
    pictures, retriever, split_for, tmp_path, names, ours
):
    index, split = retriever.index(pictures, cache=tmp_path / "cache"), split_for(pictures)
    found = evaluate_methods({name: None if name == "raw" else split.texts for name in names}, index, split)
    assert {row["a"] for row in found.summary["comparisons"]} == {ours}
    assert {row["b"] for row in found.summary["comparisons"]} == {*names} - {ours}
