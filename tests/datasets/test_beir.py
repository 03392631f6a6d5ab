import csv
import json
import sys
import tempfile
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grape_rewrite.datasets import Dataset, Item, Query, write_dataset
from grape_rewrite.datasets.beir import Qrels, split_names

characters = st.characters(exclude_categories=["Cs"])
ids = st.text(characters, min_size=1, max_size=8).filter(lambda text: text.split() == [text])
texts = st.text(characters, min_size=1, max_size=30).filter(str.strip)
item_texts = st.dictionaries(ids, st.tuples(st.none() | texts, st.booleans()), min_size=1, max_size=8)


@st.composite
def contents(draw: st.DrawFn) -> tuple[dict[str, tuple[str | None, bool]], list[Query], dict[str, Qrels]]:
    """Items as id -> (text, whether there is a picture), queries, and judgements of one or two splits."""
    items = {id: (text, image or text is None) for id, (text, image) in draw(item_texts).items()}
    queries = [
        Query(id, draw(texts), None, draw(st.none() | texts), draw(st.none() | texts))
        for id in draw(st.lists(ids, min_size=1, max_size=6, unique=True))
    ]
    judged = st.dictionaries(st.sampled_from(sorted(items)), st.integers(1, 9), min_size=1)
    qrels = st.dictionaries(st.sampled_from([query.id for query in queries]), judged, min_size=1)
    return items, queries, draw(st.dictionaries(st.sampled_from(["train", "dev", "test"]), qrels, min_size=1))


def write(
    folder: Path, items: dict[str, tuple[str | None, bool]], queries: list[Query], qrels: dict[str, Qrels]
) -> list[Item]:
    corpus = []
    for row, (id, (text, has_image)) in enumerate(items.items()):
        image = folder / f"{row}.png" if has_image else None
        if image:
            image.write_bytes(bytes([row]))
        corpus.append(Item(id, text, image))
    write_dataset(folder, corpus, queries, qrels)
    return corpus


@settings(deadline=None)
@given(contents())
def test_what_is_written_is_read_back(content):
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _, queries, qrels = content
        corpus = write(folder, *content)
        dataset = Dataset.load(folder)
        assert dataset.corpus.items == corpus
        assert split_names(folder) == sorted(qrels)
        for name, judgements in qrels.items():
            split = dataset.split(name)
            assert split.queries == [query for query in queries if query.id in judgements]
            assert split.qrels == judgements


@settings(deadline=None, max_examples=30)
@given(contents())
def test_files_are_those_a_plain_beir_reader_takes(content):
    """Read as BEIR's own loader does: JSON lines, and tab separated columns without quoting below one header line."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        items, queries, qrels = content
        write(folder, *content)
        lines = (folder / "corpus.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
        assert {record["_id"]: record.get("text") for record in map(json.loads, lines)} == {
            id: text for id, (text, _) in items.items()
        }
        lines = (folder / "queries.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
        assert {r["_id"]: r["text"] for r in map(json.loads, lines)} == {query.id: query.text for query in queries}
        for name, judgements in qrels.items():
            lines = (folder / "qrels" / f"{name}.tsv").read_text(encoding="utf-8").split("\n")[:-1]
            assume(sys.version_info >= (3, 11) or not any("\0" in line for line in lines))  # csv refused NUL before
            rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
            assert {(row["query-id"], row["corpus-id"]): int(row["score"]) for row in rows} == {
                (query, item): score for query, judged in judgements.items() for item, score in judged.items()
            }


def test_a_title_is_put_before_the_text(edit):
    folder = edit(
        "corpus.jsonl", '{"_id": "a", "title": "Apple", "text": "A fruit."}\n{"_id": "b", "title": "Pear", "text": ""}'
    )
    assert [item.text for item in Dataset.load(folder).corpus] == ["Apple A fruit.", "Pear"]


def test_byte_order_mark_blank_lines_and_windows_line_ends_do_no_harm(edit):
    edit("corpus.jsonl", '\ufeff{"_id": "d1", "text": "x"}\r\n\r\n{"_id": "d2", "text": "y"}\r\n')
    folder = edit("qrels/train.tsv", "query-id\tcorpus-id\tscore\r\nq2\td1\t1\r\n\r\n")
    assert Dataset.load(folder).corpus.ids == ["d1", "d2"]
    assert Dataset.load(folder).train.qrels == {"q2": {"d1": 1}}


def test_a_split_holds_only_what_it_judges_in_the_order_of_the_queries(folder):
    test = Dataset.load(folder).test
    assert [query.id for query in test] == ["q1", "q3"]
    assert test.texts == ["ein roter Apfel", "apple"]
    assert test.languages == ["de", None]
    assert test.queries[0].reference == "a red apple"


def test_score_zero_is_irrelevant(folder):
    assert Dataset.load(folder).test.qrels == {"q1": {"d1": 1}, "q3": {"d2": 2}}


def test_queries_that_an_earlier_split_asks_are_found_whatever_their_ids(folder):
    assert Dataset.load(folder).repeated("test", "train") == []
    with (folder / "queries.jsonl").open("a") as queries:
        queries.write('{"_id": "again", "text": "ein roter Apfel"}\n')
    with (folder / "qrels" / "train.tsv").open("a") as judgements:
        judgements.write("again\td1\t1\n")
    assert [query.id for query in Dataset.load(folder).repeated("test", "train")] == ["q1"]


def test_a_split_may_search_a_part_of_the_corpus(folder, tmp_path):
    dataset = Dataset.load(folder)
    before = dataset.fingerprint()
    assert dataset.split("test").searched is None
    queries, qrels = dataset.queries.values(), {name: dataset.split(name).qrels for name in dataset.splits}
    (folder / "corpora").mkdir()
    write_dataset(folder, dataset.corpus, queries, qrels, {"test": ["d2", "d1"]})
    again = Dataset.load(folder)
    assert again.split("test").searched == ("d2", "d1")
    assert again.split("test").sample(1).searched == ("d2", "d1")
    assert again.split("train").searched is None
    assert again.fingerprint() != before
