"""The data set of definitions: what it promises of its texts, queries and splits."""

import json
from collections import Counter
from pathlib import Path

import pytest

from grape_rewrite.datasets import Dataset
from grape_rewrite.datasets.definitions import MORE_THINGS, THINGS, build_definitions, build_large_definitions
from grape_rewrite.datasets.emoji_names import read_emoji
from grape_rewrite.datasets.scene import AND, caption
from grape_rewrite.datasets.wordnet import read_definitions
from grape_rewrite.errors import UserError

SPLITS = ("train", "dev", "test")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_definitions(tmp_path_factory.mktemp("data") / "definitions")


def test_a_text_defines_what_its_queries_name(folder: Path) -> None:
    dataset = Dataset.load(folder)
    assert len(dataset.corpus) == 600
    uses = Counter(id for item in dataset.corpus.ids for id in item.split("+"))
    assert uses == dict.fromkeys(THINGS, 20)
    names = {emoji.id: emoji.names for emoji in read_emoji() if emoji.id in THINGS}
    defined = read_definitions({name["en"] for name in names.values()})
    for item in dataset.corpus:
        first, second = (names[id] for id in item.id.split("+"))
        assert item.text == f"{defined[first['en']]}; {defined[second['en']]}"
        for language in AND:
            asked = dataset.queries[f"{item.id}.{language}"].text
            assert asked == caption(first[language], second[language], language)
    assert len({item.text for item in dataset.corpus}) == 600


def test_splits_share_words_but_no_texts(folder: Path, targets) -> None:
    dataset = Dataset.load(folder)
    parts = {name: targets(dataset, name) for name in SPLITS}
    assert sum(map(len, parts.values())) == len(set.union(*parts.values())) == 600
    assert len(parts["test"]) / 600 == pytest.approx(0.4, abs=0.04)
    assert len(parts["dev"]) / 600 == pytest.approx(0.1, abs=0.03)
    for part in (parts["train"], parts["test"]):
        assert {id for item in part for id in item.split("+")} == set(THINGS)
    for name in SPLITS:
        assert Counter(dataset.split(name).languages) == dict.fromkeys(set(AND) - {"en"}, len(parts[name]))


def test_it_is_built_once_and_alike(folder: Path, tmp_path: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}
    assert build_definitions(folder) == folder
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*")} == before
    again = build_definitions(tmp_path / "again")
    for file in (file for file in folder.rglob("*") if file.is_file()):
        assert (again / file.relative_to(folder)).read_bytes() == file.read_bytes()


def test_what_is_built_is_found_without_reading_what_it_is_made_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("read_emoji", "read_definitions"):
        monkeypatch.setattr(f"grape_rewrite.datasets.definitions.{name}", None)
    assert build_definitions(folder) == folder


def test_it_says_what_it_holds(folder: Path) -> None:
    description = json.loads((folder / "dataset.json").read_text())
    assert description["queries"] == {name: len(Dataset.load(folder).split(name)) for name in SPLITS}
    assert "Princeton University" in (folder / "LICENSE.md").read_text()


def test_something_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="holds something other than the data set 'definitions'"):
        build_definitions(tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_the_large_one_asks_for_more_things_in_the_same_way(folder: Path, tmp_path: Path, targets) -> None:
    large = Dataset.load(build_large_definitions(tmp_path / "large"))
    assert len(large.corpus) == 4983
    uses = Counter(id for item in large.corpus.ids for id in item.split("+"))
    assert uses == dict.fromkeys([*THINGS, *MORE_THINGS], 66)
    parts = {name: targets(large, name) for name in SPLITS}
    assert sum(map(len, parts.values())) == len(set.union(*parts.values())) == 4983
    small = Dataset.load(folder)
    both = small.corpus.position.keys() & large.corpus.position.keys()
    assert both, "of the pairs of sixty things, some are seated near each other among all"
    for item in both:
        texts = {data.corpus[data.corpus.position[item]].text for data in (small, large)}
        assert len(texts) == 1
        assert large.queries[f"{item}.de"].text == small.queries[f"{item}.de"].text
