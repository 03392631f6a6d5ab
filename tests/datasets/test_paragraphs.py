"""The long-form data set: what it promises of its pictures, queries and splits."""

import json
from collections import Counter
from pathlib import Path

import pytest

from grape_rewrite.datasets import Dataset, build_emoji, build_paragraphs, read_head
from grape_rewrite.datasets.paragraph import LEAST, MOST, says
from grape_rewrite.datasets.paragraphs import DRAWINGS, TELLINGS
from grape_rewrite.datasets.wordnet import read_definitions
from grape_rewrite.errors import UserError

SPLITS = ("train", "dev", "test")


@pytest.fixture(scope="module")
def folder(emoji_cache: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPE_CACHE", str(emoji_cache))
        return build_paragraphs(progress=False)


def test_every_drawing_is_in_twenty_scenes_and_none_was_fitted_on(folder: Path, emoji_folder: Path) -> None:
    corpus = Dataset.load(folder).corpus
    assert len(corpus) == 400
    assert Counter(id for item in corpus.ids for id in item.split("+")) == dict.fromkeys(DRAWINGS, 20)
    assert not {id for item in read_head(emoji_folder) for id in item.id.split("+")} & set(DRAWINGS)


def test_a_scene_is_asked_for_in_one_split_alone_and_its_things_in_all(folder: Path, targets) -> None:
    dataset = Dataset.load(folder)
    parts = {name: targets(dataset, name) for name in SPLITS}
    assert set.union(*parts.values()) == set(dataset.corpus.ids)
    assert sum(map(len, parts.values())) == 400
    assert len(parts["test"]) / 400 == pytest.approx(0.4, abs=0.05)
    for part in (parts["train"], parts["test"]):
        assert {id for item in part for id in item.split("+")} == set(DRAWINGS)
    for name in SPLITS:
        assert len(dataset.split(name)) == TELLINGS * len(parts[name])


def test_a_query_is_a_paragraph_and_half_of_them_name_nothing(folder: Path, emoji_folder: Path) -> None:
    dataset, names = Dataset.load(folder), Dataset.load(emoji_folder).queries
    defined = read_definitions({names[f"{id}.en"].text for id in DRAWINGS})
    said = Counter()
    for name in SPLITS:
        split = dataset.split(name)
        for query in split:
            (item,) = split.qrels[query.id]
            first, second = (names[f"{id}.en"].text for id in item.split("+"))
            assert query.reference == f"{first} and {second}"
            assert LEAST <= len(query.text.split()) <= MOST
            there = [thing for thing in (first, second) if says(query.text, f"{thing}, ")]
            said[len(there)] += 1
            # Remarks in brackets are left out, so a definition is there by its first words.
            assert all(" ".join(defined[thing].split("(")[0].split()[:3]) in query.text for thing in (first, second))
    assert said == {2: 800, 0: 800}


def test_it_is_built_once_and_loads_by_name(
    folder: Path, emoji_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPE_CACHE", str(emoji_cache))
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}
    assert build_paragraphs(progress=False) == Dataset.load("paragraphs").folder == folder
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*")} == before
    again = build_paragraphs(tmp_path / "again", progress=False)
    for file in (file for file in folder.rglob("*") if file.is_file()):
        assert (again / file.relative_to(folder)).read_bytes() == file.read_bytes()


def test_it_says_what_it_holds(folder: Path) -> None:
    description = json.loads((folder / "dataset.json").read_text())
    assert description["queries"] == {name: len(Dataset.load(folder).split(name)) for name in SPLITS}
    licences = (folder / "LICENSE.md").read_text()
    assert "CC BY-SA 4.0" in licences
    assert "Princeton University" in licences


def test_something_else_is_not_replaced(emoji_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPE_CACHE", str(emoji_cache))
    with pytest.raises(UserError, match="holds something other than the data set 'paragraphs'"):
        build_paragraphs(build_emoji(progress=False), progress=False)
