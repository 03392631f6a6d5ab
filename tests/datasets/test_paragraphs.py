"""The long-form data set: what it promises of its pictures, queries and splits."""

import json
from collections import Counter
from pathlib import Path

import pytest

from grape_rewrite.datasets import Dataset, read_head
from grape_rewrite.datasets.emoji import build_emoji
from grape_rewrite.datasets.paragraph import LEAST, MOST, Thing, says
from grape_rewrite.datasets.paragraphs import DRAWINGS, REACH, TELLINGS, build_paragraphs
from grape_rewrite.datasets.wordnet import read_definitions, read_senses
from grape_rewrite.errors import UserError

SPLITS = ("train", "dev", "test")


@pytest.fixture(scope="module")
def folder(emoji_cache: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPE_CACHE", str(emoji_cache))
        return build_paragraphs(progress=False)


def test_every_drawing_is_in_ten_scenes_and_none_was_fitted_on(folder: Path, emoji_folder: Path) -> None:
    corpus = Dataset.load(folder).corpus
    assert Counter(id for item in corpus.ids for id in item.split("+")) == dict.fromkeys(DRAWINGS, 2 * REACH)
    assert not {id for item in read_head(emoji_folder) for id in item.id.split("+")} & set(DRAWINGS)


def test_no_thing_is_in_two_splits(folder: Path, emoji_folder: Path, targets) -> None:
    """Neither as a picture nor, as what is not there, in a text."""
    dataset = Dataset.load(folder)
    parts = {name: {id for item in targets(dataset, name) for id in item.split("+")} for name in SPLITS}
    assert sum(map(len, parts.values())) == len(set.union(*parts.values())) == len(DRAWINGS)
    assert len(parts["test"]) / len(DRAWINGS) == pytest.approx(0.4, abs=0.1)
    names = Dataset.load(emoji_folder).queries
    senses = read_senses({names[f"{id}.en"].text for id in DRAWINGS})
    defined = {id: Thing(names[f"{id}.en"].text, senses[names[f"{id}.en"].text]).definition for id in DRAWINGS}
    for name in SPLITS:
        assert len(dataset.split(name)) == TELLINGS * len(targets(dataset, name))
        told = Counter(id for query in dataset.split(name) for id in DRAWINGS if defined[id] in query.text)
        assert set(told) == parts[name]
        # Two that are there and one or two that are not, about as often the one as the other.
        assert sum(told.values()) / len(dataset.split(name)) == pytest.approx(3.5, abs=0.15)


def test_a_query_is_a_paragraph_and_half_of_them_name_nothing(folder: Path, emoji_folder: Path) -> None:
    dataset, names = Dataset.load(folder), Dataset.load(emoji_folder).queries
    defined = read_definitions({names[f"{id}.en"].text for id in DRAWINGS})
    said: dict[bool, list[int]] = {True: [], False: []}
    for name in SPLITS:
        split = dataset.split(name)
        for query in split:
            (item,) = split.qrels[query.id]
            first, second = (names[f"{id}.en"].text for id in item.split("+"))
            assert query.reference == f"{first} and {second}"
            assert LEAST <= len(query.text.split()) <= MOST
            named = int(query.id.rsplit(".", 1)[1]) % 2 == 0
            said[named].append(sum(says(query.text, thing) for thing in (first, second)))
            # Remarks in brackets are left out, so a definition is there by its first words.
            assert all(" ".join(defined[thing].split("(")[0].split()[:3]) in query.text for thing in (first, second))
    assert len(said[True]) == len(said[False])
    assert set(said[True]) == {2}
    # The definition of a sunset says sun, which may be the other thing.
    assert said[False].count(0) > 0.95 * len(said[False])


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


def test_what_is_built_is_found_without_reading_what_it_is_made_of(
    folder: Path, emoji_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPE_CACHE", str(emoji_cache))
    for name in ("Dataset.load", "read_senses"):
        monkeypatch.setattr(f"grape_rewrite.datasets.paragraphs.{name}", None)
    assert build_paragraphs(progress=False) == folder


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
