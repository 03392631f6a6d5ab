"""Retrieval sets in MTEB's layout, in a folder as it lies on a hub."""

from io import BytesIO
from pathlib import Path

import pytest
import yaml
from datasets import Dataset as Table
from datasets import Features, Image, Value
from PIL import Image as Pictures

from grape_rewrite import Dataset, UserError
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


def write_set(folder: Path, tables: dict[str, tuple[list[dict], Features | None]], split: str = "test") -> Path:
    """Write parquet files, and the list of configurations that a hub keeps in the README."""
    listed = []
    for name, (rows, features) in tables.items():
        place = folder / name / f"{split}-00000-of-00001.parquet"
        place.parent.mkdir(parents=True)
        Table.from_list(rows, features=features).to_parquet(place)
        listed.append({"config_name": name, "data_files": [{"split": split, "path": f"{name}/{split}-*"}]})
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
    words = [{"query-id": "q0", "corpus-id": "img0", "score": "high"}]
    with pytest.raises(UserError, match="has a score that is no number"):
        HubSet(str(write_set(tmp_path / "words", {**tables, "qrels": (words, None)}))).prepare(out)
    unnamed = {**tables, "queries": ([{"text": "a"}], None)}
    with pytest.raises(UserError, match="a row has no"):
        HubSet(str(write_set(tmp_path / "unnamed", unnamed))).prepare(out)
    (source / "de-qrels" / "test-00000-of-00001.parquet").write_bytes(b"nothing of the kind")
    found = grape("data", "hub", source, "--out", out)
    assert found.code == 2
    [line] = found.error_lines
    assert f"cannot read {source}" in line
    assert not out.exists()
