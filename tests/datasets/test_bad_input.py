"""Each mistake in a data set's files gets one line that names the file, the line, the value and what is valid."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from grape_rewrite.datasets import Dataset, read_head
from grape_rewrite.datasets.records import read_records
from grape_rewrite.errors import UserError

HEADER = "query-id\tcorpus-id\tscore\n"


def mistake(folder: Path | str, split: str | None = None) -> str:
    def read() -> None:
        dataset = Dataset.load(folder)
        if split is not None:
            dataset.split(split)

    with pytest.raises(UserError) as caught:
        read()
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_missing_folder(tmp_path):
    message = mistake(tmp_path / "nothing")
    assert "there is no folder" in message
    assert "nothing" in message
    assert "or one of scenes, scenes-fresh, emoji, definitions, definitions-5k, paragraphs, composed" in message


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl"])
def test_missing_file(folder, name):
    (folder / name).unlink()
    assert f"{folder} has no {name}" in mistake(folder, "test")


@pytest.mark.parametrize(
    ("lines", "line", "parts"),
    [
        ('{"_id": "a", "text": "x"}\n{"_id": "b", "text": ', 2, ["broken JSON", "column"]),
        ('{"_id": "a", "text": "x"} {"_id": "b"}', 1, ["broken JSON", "Extra data"]),
        ("[" * 100_000, 1, ["broken JSON"]),
        ('["a"]', 1, ["not a JSON object"]),
        ('{"id": "a", "text": "x"}', 1, ['no "_id"', "['id', 'text']"]),
        ('{"_id": 7, "text": "x"}', 1, ['"_id" is 7', "string"]),
        ('{"_id": "", "text": "x"}', 1, ["\"_id\" is ''"]),
        ('{"_id": "a b", "text": "x"}', 1, ["'a b'", "white space"]),
        ('{"_id": "\\ud800", "text": "x"}', 1, ["surrogate"]),
        ('{"_id": "a", "text": 3}', 1, ['"text" is 3', "string"]),
        ('{"_id": "a", "text": "\\udfff"}', 1, ["surrogate"]),
        (
            '{"_id": "a", "text": "x"}\n\n{"_id": "b", "text": "x"}\n{"_id": "a", "text": "y"}',
            4,
            ["'a'", "line 1", "unique"],
        ),
        ('{"_id": "a", "text": "x"}\n{"_id": "b", "text": "\udce4pfel"}', 2, ["byte 23", "0xe4", "UTF-8"]),
        ('{"_id": "a", "image": "/etc/hostname"}', 1, ["'/etc/hostname' is absolute", "relative"]),
        ('{"_id": "a", "image": "C:\\\\x.png"}', 1, ["is absolute"]),
        ('{"_id": "a", "image": "../set/../../x.png"}', 1, ["leaves the folder"]),
        ('{"_id": "a", "image": "images/none.png"}', 1, ["'images/none.png' does not exist"]),
        ('{"_id": "a", "image": "images"}', 1, ["is not a file"]),
        ('{"_id": "a", "image": "a\\u0000b"}', 1, ["cannot be used"]),
        (f'{{"_id": "a", "image": "{"x" * 5000}"}}', 1, ["image"]),
    ],
)
def test_corpus_record(edit, lines, line, parts):
    message = mistake(edit("corpus.jsonl", lines))
    assert f"corpus.jsonl, line {line}: " in message
    for part in parts:
        assert part in message
    assert len(message) < 600


def test_image_that_leaves_the_folder_by_a_link(edit, folder, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    (folder / "images" / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "elsewhere").symlink_to(tmp_path)
    for image in ("images/link.png", "elsewhere/secret.png"):
        message = mistake(edit("corpus.jsonl", f'{{"_id": "a", "image": "{image}"}}'))
        assert f"line 1: image path '{image}' leaves the folder" in message


def test_links_in_a_circle(edit, folder):
    (folder / "images" / "loop.png").symlink_to("loop.png")
    assert "loop.png" in mistake(edit("corpus.jsonl", '{"_id": "a", "image": "images/loop.png"}'))


def test_links_within_the_folder_and_to_the_folder_are_fine(edit, folder, tmp_path):
    (folder / "images" / "link.png").symlink_to("d2.png")
    edit("corpus.jsonl", '{"_id": "a", "image": "images/link.png"}')
    (tmp_path / "other").symlink_to(folder)
    assert Dataset.load(tmp_path / "other").corpus[0].image == tmp_path / "other" / "images" / "link.png"


def test_empty_corpus(edit):
    assert "corpus.jsonl is empty" in mistake(edit("corpus.jsonl", "\n\n"))
    nothing = '{"_id": "a"}\n{"_id": "b", "title": "", "text": "  "}\n'
    assert 'corpus.jsonl: no item has a "text" or an "image"' in mistake(edit("corpus.jsonl", nothing))


@pytest.mark.parametrize(
    ("record", "parts"),
    [
        ('{"_id": "q9"}', ["'q9' has no text"]),
        ('{"_id": "q9", "image": "images/d2.png"}', ["'q9' has an image but no text", "what is to be different"]),
        ('{"_id": "q9", "text": "x", "language": ["de"]}', ['"language"', "string"]),
        ('{"_id": "q9", "text": "x", "english": 1}', ['"english" is 1']),
        ('{"_id": "q9", "text": "x", "image": "images/d3.png"}', ["does not exist"]),
    ],
)
def test_query_record(edit, record, parts):
    message = mistake(edit("queries.jsonl", record), "test")
    assert "queries.jsonl, line 1: " in message
    for part in parts:
        assert part in message


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (f"{HEADER}q1\td1\t1\nq9\td1\t1\n", ["test.tsv, line 3", "'q9'", "queries.jsonl"]),
        (f"{HEADER}q1\td9\t1\n", ["test.tsv, line 2", "'d9'", "corpus.jsonl"]),
        ("q1\td1\t1\n", ["test.tsv, line 1", "header", "query-id\\tcorpus-id\\tscore"]),
        ("query-id corpus-id score\nq1 d1 1\n", ["test.tsv, line 1", "header", "tabs"]),
        (f"{HEADER}q1\td1\t0.5\n", ["test.tsv, line 2", "'0.5'", "integer"]),
        (f"{HEADER}q1\td1\tyes\n", ["test.tsv, line 2", "'yes'", "integer"]),
        (f"{HEADER}q1\td1\t٣\n", ["test.tsv, line 2", "integer"]),
        (f"{HEADER}q1\td1\n", ["test.tsv, line 2", "2 columns", "3 are valid"]),
        (f"{HEADER}q1\td1\t1\nq1\td1\t1\n", ["test.tsv, line 3", "'q1'", "'d1'", "line 2"]),
        (f"{HEADER}q1\td1\t1\nq3\td1\t0\n", ["test.tsv", "'q3' has no relevant item"]),
        (f"{HEADER}q1\t\udcff\t1\n", ["test.tsv, line 2", "byte 4", "UTF-8"]),
        (HEADER, ["test.tsv", "'test' is empty", "test, train"]),
        ("", ["test.tsv", "'test' is empty", "test, train"]),
    ],
)
def test_qrels(edit, content, parts):
    message = mistake(edit("qrels/test.tsv", content), "test")
    for part in parts:
        assert part in message


def test_an_item_with_nothing_may_be_there_but_not_be_judged_relevant(edit):
    lines = '{"_id": "d1", "text": "a red apple"}\n{"_id": "d2", "title": "", "text": " "}\n'
    folder = edit("corpus.jsonl", lines)
    assert [item.is_empty for item in Dataset.load(folder).corpus] == [False, True]
    message = mistake(folder, "test")
    assert "test.tsv: query 'q3' is about item 'd2', which has neither a \"text\" nor an \"image\"" in message
    edit("qrels/test.tsv", f"{HEADER}q1\td1\t1\nq1\td2\t0\n")
    assert Dataset.load(folder).test.qrels == {"q1": {"d1": 1}}


def test_split_without_a_file_names_those_that_exist(folder):
    message = mistake(folder, "dev")
    assert "no split 'dev'" in message
    assert "test, train" in message
    for file in (folder / "qrels").iterdir():
        file.unlink()
    assert "there is no split with a file" in mistake(folder, "dev")


@pytest.mark.parametrize("name", ["../train", "/etc/passwd", "", "qrels/train", "*"])
def test_split_names_are_not_paths(folder, name):
    assert "has no split" in mistake(folder, name)


def test_a_good_split_can_be_used_beside_a_broken_one(edit):
    dataset = Dataset.load(edit("qrels/test.tsv", "nonsense"))
    assert len(dataset.train) == 1


def test_head(folder):
    with pytest.raises(UserError, match="no head/items"):
        read_head(folder)
    (folder / "head").mkdir()
    for record, problem in (
        ('{"_id": "a", "text": "x"}', "lacks"),
        ('{"_id": "a", "text": "x", "image": "../images/d2.png"}', "leaves"),
        ('{"_id": "a", "text": "x", "image": "d2.png", "aliases": "y"}', "list of strings"),
    ):
        (folder / "head" / "d2.png").write_bytes(b"")
        (folder / "head" / "items.jsonl").write_text(record)
        with pytest.raises(UserError, match=problem):
            read_head(folder)


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_parse_or_name_their_line(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "any.jsonl"
    file.write_bytes(content)
    message = None
    try:
        list(read_records(file))
    except UserError as error:
        message = str(error)
    assert message is None or (", line " in message and "\n" not in message)


def test_a_querys_picture_must_be_searched(folder: Path, edit) -> None:
    Image.new("RGB", (8, 8), "blue").save(folder / "images" / "other.png")
    records = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]

    def pictured(*names: str) -> str:
        return "".join(
            json.dumps({**one, "image": f"images/{name}"}) + "\n" for one, name in zip(records, names, strict=True)
        )

    edit("qrels/test.tsv", HEADER + "q1\td1\t1\n")
    edit("queries.jsonl", pictured("d2.png", "d2.png", "d2.png"))
    assert len(Dataset.load(folder).split("test"))
    edit("queries.jsonl", pictured("other.png", "other.png", "other.png"))
    message = mistake(folder, "test")
    assert str(folder / "queries.jsonl") in message
    assert "has the picture other.png, which no item that is searched has" in message


def test_a_querys_own_picture_is_no_answer(folder: Path, edit) -> None:
    records = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]
    edit("queries.jsonl", "".join(json.dumps({**one, "image": "images/d2.png"}) + "\n" for one in records))
    edit("qrels/test.tsv", HEADER + "q1\td1\t1\nq1\td2\t0\n")
    assert len(Dataset.load(folder).split("test")) == 1
    edit("qrels/test.tsv", HEADER + "q1\td1\t1\nq1\td2\t1\n")
    message = mistake(folder, "test")
    assert str(folder / "queries.jsonl") in message
    assert "query 'q1' has the picture of item 'd2', which is judged relevant to it" in message


def test_all_queries_of_a_split_have_a_picture_or_none(folder: Path, edit) -> None:
    records = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]

    def pictured(*ids: str) -> str:
        rows = ({**one, **({"image": "images/d2.png"} if one["_id"] in ids else {})} for one in records)
        return "".join(json.dumps(row) + "\n" for row in rows)

    edit("queries.jsonl", pictured("q2"))  # the one query of train
    dataset = Dataset.load(folder)
    assert (dataset.train.pictured, dataset.test.pictured) == (True, False)
    edit("queries.jsonl", pictured("q1"))
    message = mistake(folder, "test")
    for part in (
        str(folder / "queries.jsonl"),
        "query 'q3' has no \"image\"",
        "'q1' of the same split has one",
        "none",
    ):
        assert part in message
    (folder / "unjudged").mkdir()
    (folder / "unjudged" / "more.txt").write_text("q1\nq2\n")
    with pytest.raises(UserError, match="query 'q2' has no \"image\", while 'q1'"):
        Dataset.load(folder).unjudged("more")


@pytest.mark.parametrize(
    ("ids", "part"),
    [
        ("d1\nd7\n", "line 2: there is no item 'd7'"),
        ("\n", "is empty"),
        ("d2\n", "is about item 'd1', which is not in it"),
    ],
)
def test_what_a_split_searches(folder: Path, ids: str, part: str) -> None:
    (folder / "corpora").mkdir()
    (folder / "corpora" / "train.txt").write_text(ids)
    message = mistake(folder, "train")
    assert "train.txt" in message
    assert part in message


def test_among_is_a_list_of_ids_or_nothing(edit):
    def query(among: object) -> str:
        return json.dumps({"_id": "q1", "text": "apple", "among": among}) + "\n"

    edit("qrels/test.tsv", f"{HEADER}q1\td1\t1\n")
    assert Dataset.load(edit("queries.jsonl", query(None))).test.queries[0].among == ()
    for wrong in (0, "", "d1", [1], {}):
        assert '"among" is ' in mistake(edit("queries.jsonl", query(wrong)), "test")
