"""Retrieval sets in MTEB's layout, in a folder as it lies on a hub."""

import shutil
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import datasets
import pytest
import yaml
from datasets import Dataset as Table
from datasets import Features, Image, Value
from huggingface_hub import HfApi
from PIL import Image as Pictures

from grape_rewrite import Dataset, UserError
from grape_rewrite.published.counts import Counts
from grape_rewrite.published.on_hub import HubSet

SCORED = Features({"query-id": Value("string"), "corpus-id": Value("string"), "score": Value("int64")})


@pytest.fixture(autouse=True)
def cache_of_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's cache stays as it is."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


def png(number: int, suffix: str = "PNG") -> dict[str, object]:
    file = BytesIO()
    Pictures.new("RGB", (8, 8), (40 * number, 10, 200 - 40 * number)).save(file, suffix)
    return {"bytes": file.getvalue(), "path": None}


def write_set(
    folder: Path, tables: dict[str, tuple[list[dict], Features | None]], split: str = "test", **others: str
) -> Path:
    """Write parquet files, and the list of configurations that a hub keeps in the README.

    :param others: configurations whose split has another name.
    """
    listed = []
    for name, (rows, features) in tables.items():
        own = others.get(name, split)
        place = folder / name / f"{own}-00000-of-00001.parquet"
        place.parent.mkdir(parents=True)
        Table.from_list(rows, features=features).to_parquet(place)
        listed.append({"config_name": name, "data_files": [{"split": own, "path": f"{name}/{own}-*"}]})
    (folder / "README.md").write_text(f"---\n{yaml.safe_dump({'configs': listed})}---\n")
    return folder


def of_language(
    language: str, numbers: list[int], pictured: bool = False
) -> dict[str, tuple[list[dict], Features | None]]:
    """A language's part: an item for each number, asked for by its word and the number."""
    before = f"{language}-" if language else ""
    image = Features({"id": Value("string"), "image": Image()})
    both = Features({"id": Value("string"), "text": Value("string"), "image": Image()})
    items = [{"id": f"img{number}", "image": png(number, "JPEG" if number % 2 else "PNG")} for number in numbers]
    queries = [{"id": f"q{number}", "text": f"{language}  Bild {number}"} for number in numbers]
    if pictured:
        queries = [{**query, "image": items[number - 1]["image"]} for number, query in enumerate(queries)]
    judged = [{"query-id": f"q{number}", "corpus-id": f"img{number}", "score": 1} for number in numbers]
    judged.append({"query-id": f"q{numbers[0]}", "corpus-id": f"img{numbers[1]}", "score": 0})
    return {
        f"{before}corpus": (items, image),
        f"{before}queries": (queries, both if pictured else None),
        f"{before}qrels": (judged, SCORED),
    }


def test_languages_that_search_the_same_pictures_are_one_split(tmp_path: Path) -> None:
    source = write_set(tmp_path / "set", {**of_language("de", [0, 1, 2]), **of_language("zh", [0, 1, 2])})
    dataset = Dataset.load(HubSet(str(source)).prepare(tmp_path / "out"))
    assert dataset.splits == ["test"]
    assert dataset.corpus.ids == ["img0", "img1", "img2"]
    assert [query.id for query in dataset.test] == [
        f"{language}.q{number}" for language in ("de", "zh") for number in range(3)
    ]
    assert [query.language for query in dataset.test] == ["de"] * 3 + ["zh"] * 3
    assert dataset.test.texts[0] == "de Bild 0"
    assert dataset.test.qrels["zh.q1"] == {"img1": 1}
    assert dataset.test.qrels["de.q0"] == {"img0": 1}  # what scores 0 is no answer
    for item in dataset.corpus:
        assert item.image.read_bytes() == png(int(item.id[3:]), "JPEG" if int(item.id[3:]) % 2 else "PNG")["bytes"]
    assert sorted(file.name for file in (tmp_path / "out" / "images").iterdir()) == ["0.png", "1.jpeg", "2.png"]
    again = {file: file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("*")}
    HubSet(str(source)).prepare(tmp_path / "out")
    assert again == {file: file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("*")}


def test_a_folder_that_has_changed_is_read_again_and_one_that_is_gone_is_not(tmp_path: Path) -> None:
    source = write_set(tmp_path / "set", of_language("", [0, 1]))
    HubSet(str(source)).prepare(tmp_path / "out")
    write_set(tmp_path / "other", of_language("", [0, 1, 2]))
    shutil.rmtree(source)
    assert len(Dataset.load(HubSet(str(source)).prepare(tmp_path / "out")).test) == 2
    (tmp_path / "other").rename(source)
    assert len(Dataset.load(HubSet(str(source)).prepare(tmp_path / "out")).test) == 3


def test_a_set_of_another_commit_of_the_hub_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out = write_set(tmp_path / "set", of_language("", [0, 1])), tmp_path / "out"
    for name in ("get_dataset_config_names", "get_dataset_split_names", "load_dataset"):
        function = getattr(datasets, name)
        monkeypatch.setattr(datasets, name, lambda _, *given, of=function, **more: of(str(source), *given, **more))
    commits = ["a", "a", "b"]

    def info(self: HfApi, name: str, **_: object) -> SimpleNamespace:
        if not commits:
            raise OSError("offline")
        return SimpleNamespace(sha=commits.pop(0))

    monkeypatch.setattr(HfApi, "dataset_info", info)
    written = []
    for _ in range(4):  # the last time the hub cannot be asked
        HubSet("someone/set").prepare(out)
        written.append((out / "dataset.json").stat().st_mtime_ns)
    first, again, later, offline = written
    assert first == again != later == offline


def test_languages_with_pictures_of_their_own_are_splits_of_their_own(tmp_path: Path) -> None:
    source = write_set(tmp_path / "set", {**of_language("de", [0, 1]), **of_language("ja", [1, 2, 3])})
    dataset = Dataset.load(HubSet(str(source)).prepare(tmp_path / "out"))
    assert dataset.splits == ["test-de", "test-ja"]
    assert dataset.split("test-de").searched == ("img0", "img1")
    assert dataset.split("test-ja").searched == ("img1", "img2", "img3")
    alone = Dataset.load(HubSet(str(source), ("ja",)).prepare(tmp_path / "alone"))
    assert alone.splits == ["test"]
    assert len(alone.corpus) == 3


def test_an_id_that_stands_for_several_items_is_told_apart(tmp_path: Path) -> None:
    """Numbers that begin anew in each language."""
    tables = {}
    for language, words in (("de", ["Hund", "Katze"]), ("fr", ["avion", "bateau"])):
        rows = [{"_id": str(number), "title": word, "text": "!"} for number, word in enumerate(words)]
        judged = [{"query-id": str(number), "corpus-id": str(number), "score": 1} for number in range(2)]
        asked = [{"_id": str(number), "text": f"{word}?"} for number, word in enumerate(words)]
        tables |= {f"{language}-corpus": (rows, None), f"{language}-queries": (asked, None)}
        tables[f"{language}-qrels"] = (judged, SCORED)
    dataset = Dataset.load(HubSet(str(write_set(tmp_path / "set", tables))).prepare(tmp_path / "out"))
    assert dataset.splits == ["test-de", "test-fr"]
    assert len(dataset.corpus) == 4
    for split in dataset.splits:
        corpus = dataset.corpus.part(dataset.split(split).searched)
        for query, [row] in zip(dataset.split(split), dataset.split(split).positives(corpus), strict=True):
            assert corpus[row].text == query.text.replace("?", " !")


def test_a_query_may_have_a_picture_of_the_corpus(tmp_path: Path) -> None:
    source = write_set(tmp_path / "set", of_language("", [0, 1, 2], pictured=True), "validation")
    dataset = Dataset.load(HubSet(str(source)).prepare(tmp_path / "out"))
    assert dataset.splits == ["dev"]
    assert [query.language for query in dataset.dev] == [None] * 3
    assert [rows.tolist() for rows in dataset.dev.excluded(dataset.corpus)] == [[2], [0], [1]]


def renamed(tables: dict[str, tuple[list[dict], Features | None]], **names: str) -> dict:
    return {names.get(name, name): table for name, table in tables.items()}


def test_the_layout_of_m_beir(tmp_path: Path) -> None:
    """Queries in `query`, all items in a split `corpus`; judgements have more columns, and scores with a point."""
    tables = renamed(of_language("", [0, 1, 2], pictured=True), queries="query")
    judged = [{**row, "Q0": "0", "score": float(row["score"])} for row in tables["qrels"][0]]
    tables["qrels"] = judged, None
    dataset = Dataset.load(HubSet(str(write_set(tmp_path / "set", tables, corpus="corpus"))).prepare(tmp_path / "out"))
    assert dataset.splits == ["test"]
    assert dataset.test.searched == ("img0", "img1", "img2")
    assert dataset.test.qrels == {f"q{number}": {f"img{number}": 1} for number in range(3)}
    assert [rows.tolist() for rows in dataset.test.excluded(dataset.corpus)] == [[2], [0], [1]]


def test_the_layout_of_beir(tmp_path: Path) -> None:
    """Judgements in `default`, for several splits; items and queries in one split for all, read once."""
    tables = of_language("", [0, 1, 2, 3])
    judged = tables.pop("qrels")[0]
    source = write_set(tmp_path / "set", tables, corpus="corpus", queries="queries")
    listed = yaml.safe_load((source / "README.md").read_text().strip("-\n"))
    files = []
    for split, rows in (("train", judged[:1]), ("test", judged[1:4])):
        Table.from_list(rows, features=SCORED).to_parquet(source / "qrels" / f"{split}.parquet")
        files.append({"split": split, "path": f"qrels/{split}.parquet"})
    listed["configs"].append({"config_name": "default", "data_files": files})
    (source / "README.md").write_text(f"---\n{yaml.safe_dump(listed)}---\n")
    dataset = Dataset.load(HubSet(str(source)).prepare(tmp_path / "out"))
    assert dataset.splits == ["test", "train"]
    assert [query.id for query in dataset.train] == ["q0"]
    assert [query.id for query in dataset.test] == ["q1", "q2", "q3"]
    assert dataset.train.searched == dataset.test.searched == ("img0", "img1", "img2", "img3")


def test_a_sole_split_of_judgements_is_the_test_whatever_it_is_called(tmp_path: Path) -> None:
    source = write_set(tmp_path / "set", of_language("", [0, 1]), "all")
    assert Dataset.load(HubSet(str(source)).prepare(tmp_path / "out")).splits == ["test"]


def test_a_copy_of_a_published_benchmark_is_compared_with_its_counts(tmp_path: Path, grape) -> None:
    tables = renamed(of_language("", [0, 1, 2], pictured=True), queries="query")
    source = write_set(tmp_path / "mbeir_cirr_task7", tables, corpus="corpus")
    refused = grape("data", "hub", source, "--out", tmp_path / "out")
    assert refused.code == 2
    [line] = refused.error_lines
    counts = "split test: 3 items and 3 queries were found, 21,551 and 4,170 are published"
    assert counts in line
    assert "--partial accepts what is there" in line
    assert not (tmp_path / "out").exists()
    accepted = grape("data", "hub", source, "--out", tmp_path / "out", "--partial")
    assert accepted.code == 0, accepted.err
    assert counts in accepted.err


def test_a_language_that_lacks_pictures_is_not_as_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each language of XM3600 has all pictures, and the queries of all are counted together."""
    monkeypatch.setattr("grape_rewrite.published.on_hub.PUBLISHED", {"xm": {"test": Counts(3, 6)}})
    tables = {**of_language("de", [0, 1, 2]), **of_language("zh", [0, 1, 2])}
    whole = HubSet(str(write_set(tmp_path / "whole" / "xm", tables)))
    assert len(Dataset.load(whole.prepare(tmp_path / "out")).test) == 6
    tables = {**of_language("de", [0, 1, 2]), **of_language("fr", [0, 1]), **of_language("zh", [3, 4])}
    part = HubSet(str(write_set(tmp_path / "part" / "xm", tables)))
    with pytest.raises(UserError, match="2 items and 7 queries were found, 3 and 6 are published"):
        part.prepare(tmp_path / "other")
    HubSet(part.name, ("zh",)).prepare(tmp_path / "chosen")  # a part that was asked for


@pytest.mark.parametrize(
    ("kind", "change", "problem"),
    [
        ("queries", lambda rows: rows[1:], "its judgements name 'q0', which is not in 'queries'"),
        ("qrels", lambda rows: [{**rows[0], "corpus-id": "img9"}, *rows], "name 'img9', which is not in 'corpus'"),
        ("corpus", lambda rows: [*rows, {**rows[0], "image": png(5)}], "has the id of another item"),
        ("queries", lambda rows: [*rows, {**rows[0], "text": "b"}], "has the id of another query"),
        ("queries", lambda rows: [{**rows[0], "image": png(5)}, *rows[1:]], "a picture that no item of the corpus has"),
        ("queries", lambda rows: [{**rows[0], "image": None}, *rows[1:]], "query 'q0' has no \"image\", while 'q1'"),
    ],
)
def test_what_does_not_go_together_is_named(tmp_path: Path, kind: str, change, problem: str) -> None:
    tables = of_language("", [0, 1, 2], pictured=True)
    rows, features = tables[kind]
    source = write_set(tmp_path / "set", {**tables, kind: (change(rows), features)})
    with pytest.raises(UserError, match=problem) as caught:
        HubSet(str(source)).prepare(tmp_path / "out")
    assert str(source) in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("headed", [False, True])
def test_a_broken_picture_is_named_when_it_is_written(headed: bool, tmp_path: Path, grape) -> None:
    """What is none at all, and one whose header is whole."""
    file = BytesIO()
    Pictures.linear_gradient("L").save(file, "JPEG")
    tables = of_language("", [0, 1, 2])
    content = file.getvalue()[: len(file.getvalue()) // 2] if headed else b"hello"
    tables["corpus"][0][1]["image"] = {"bytes": content, "path": None}
    source, out = write_set(tmp_path / "set", tables), tmp_path / "sub" / "out"
    refused = grape("data", "hub", source, "--out", out)
    assert refused.code == 2
    [line] = refused.error_lines
    assert f"{source}: a row has a picture that is not readable (" in line
    assert "'img1'" in line
    assert ".part" not in line
    assert not out.parent.exists()


def test_a_split_that_items_have_not_is_named(tmp_path: Path) -> None:
    source = write_set(tmp_path / "set", of_language("", [0, 1]))
    listed = yaml.safe_load((source / "README.md").read_text().strip("-\n"))
    for table in listed["configs"]:
        if table["config_name"] == "corpus":
            table["data_files"] = [{"split": name, "path": "corpus/test-*"} for name in ("train", "dev")]
    (source / "README.md").write_text(f"---\n{yaml.safe_dump(listed)}---\n")
    with pytest.raises(UserError, match="judgements of a split 'test', and in 'corpus' the splits train, dev"):
        HubSet(str(source)).prepare(tmp_path / "out")


def test_mistakes_get_one_line(tmp_path: Path, grape) -> None:
    source = write_set(tmp_path / "set", of_language("de", [0, 1]))
    out = tmp_path / "out"
    with pytest.raises(UserError, match="has no language 'fr'; it has de"):
        HubSet(str(source), ("fr",)).prepare(out)
    with pytest.raises(UserError, match="there is no folder"):
        HubSet(str(tmp_path / "nowhere")).prepare(out)
    tables = of_language("", [0, 1])
    other = write_set(tmp_path / "other", {name: tables[name] for name in ("corpus", "qrels")})
    with pytest.raises(UserError, match="has no corpus, queries and qrels"):
        HubSet(str(other)).prepare(out)
    secret = tmp_path / "secret.txt"
    secret.write_text("mine")
    image = Features({"id": Value("string"), "image": {"bytes": Value("binary"), "path": Value("string")}})
    reaching = {**tables, "corpus": ([{"id": "img0", "image": {"bytes": None, "path": str(secret)}}], image)}
    with pytest.raises(UserError, match="names a picture instead of holding it"):
        HubSet(str(write_set(tmp_path / "reaching", reaching))).prepare(out)
    for number, (row, problem) in enumerate(
        [({"id": "q0", "text": " "}, "has no text"), ({"id": "q 0", "text": "a"}, "an id that is not one word")]
    ):
        broken = write_set(tmp_path / f"broken{number}", {**tables, "queries": ([row], None)})
        with pytest.raises(UserError, match=problem):
            HubSet(str(broken)).prepare(out)
    for score, problem in (("high", "no number"), (0.5, "no whole number"), (float("inf"), "no whole number")):
        judged = [{"query-id": "q0", "corpus-id": "img0", "score": score}]
        with pytest.raises(UserError, match=f"has a score that is {problem}"):
            HubSet(str(write_set(tmp_path / f"score-{score}", {**tables, "qrels": (judged, None)}))).prepare(out)
    unnamed = {**tables, "queries": ([{"text": "a"}], None)}
    with pytest.raises(UserError, match="a row has no"):
        HubSet(str(write_set(tmp_path / "unnamed", unnamed))).prepare(out)
    (source / "de-qrels" / "test-00000-of-00001.parquet").write_bytes(b"nothing of the kind")
    found = grape("data", "hub", source, "--out", out)
    assert found.code == 2
    [line] = found.error_lines
    assert f"cannot read {source}" in line
    assert not out.exists()
