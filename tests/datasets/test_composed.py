"""The composed data set: what it promises of its pictures, queries and splits."""

import json
from collections import Counter
from pathlib import Path

import pytest

from grape_rewrite.datasets import Dataset, read_head
from grape_rewrite.datasets.change import LANGUAGES, WORDINGS
from grape_rewrite.datasets.composed import DRAWINGS, REACH, build_composed
from grape_rewrite.datasets.emoji import build_emoji
from grape_rewrite.errors import UserError

SPLITS = ("train", "dev", "test")


@pytest.fixture(scope="module")
def folder(emoji_cache: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPE_CACHE", str(emoji_cache))
        return build_composed(progress=False)


def things(scene: str) -> set[str]:
    return set(scene.split("+"))


def test_every_drawing_is_in_ten_scenes_and_none_was_fitted_on(folder: Path, emoji_folder: Path) -> None:
    corpus = Dataset.load(folder).corpus
    assert Counter(id for item in corpus.ids for id in things(item)) == dict.fromkeys(DRAWINGS, 2 * REACH)
    assert not {id for item in read_head(emoji_folder) for id in things(item.id)} & set(DRAWINGS)


def test_no_thing_is_in_two_splits(folder: Path) -> None:
    """Neither as a picture nor as a word, and neither in what is given nor in what is wanted."""
    dataset = Dataset.load(folder)
    used = {
        name: {id for query in dataset.split(name) for scene in query.id.split(">") for id in things(scene)}
        for name in SPLITS
    }
    assert sum(map(len, used.values())) == len(set.union(*used.values())) == len(DRAWINGS)
    assert sum(len(dataset.split(name)) for name in SPLITS) >= 2000


def test_a_query_has_a_picture_and_a_text_that_does_not_say_what_stays(folder: Path, emoji_folder: Path) -> None:
    dataset, names = Dataset.load(folder), Dataset.load(emoji_folder).queries
    languages = Counter()
    for name in SPLITS:
        split = dataset.split(name)
        for query in split:
            (wanted,) = split.qrels[query.id]
            shown = things(query.image.stem)
            assert query.image.resolve() in dataset.corpus.pictured
            (stays,), (old,), (new,) = shown & things(wanted), shown - things(wanted), things(wanted) - shown
            assert names[f"{old}.{query.language}"].text in query.text
            assert names[f"{new}.{query.language}"].text in query.text
            said = {"old": names[f"{old}.{query.language}"].text, "new": names[f"{new}.{query.language}"].text}
            assert query.text in [wording.format(**said) for wording in WORDINGS[name][query.language]]
            rest = query.text.replace(names[f"{old}.{query.language}"].text, "")
            rest = rest.replace(names[f"{new}.{query.language}"].text, "")
            assert names[f"{stays}.{query.language}"].text not in rest
            said = {names[f"{id}.en"].text for id in things(wanted)}
            assert set(query.reference.split(" and ")) == said
            languages[query.language] += 1
    assert set(languages) == set(LANGUAGES)


def test_each_question_has_one_answer(folder: Path) -> None:
    """No other scene shows what stays and what comes."""
    dataset = Dataset.load(folder)
    scenes = Counter(frozenset(things(id)) for id in dataset.corpus.ids)
    assert set(scenes.values()) == {1}
    assert all(len(judged) == 1 for name in SPLITS for judged in dataset.split(name).qrels.values())


def test_it_is_built_once_and_loads_by_name(
    folder: Path, emoji_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPE_CACHE", str(emoji_cache))
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}
    assert build_composed(progress=False) == Dataset.load("composed").folder == folder
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*")} == before
    again = build_composed(tmp_path / "again", progress=False)
    for file in (file for file in folder.rglob("*") if file.is_file()):
        assert (again / file.relative_to(folder)).read_bytes() == file.read_bytes()


def test_it_says_what_it_holds(folder: Path) -> None:
    description = json.loads((folder / "dataset.json").read_text())
    assert description["queries"] == {name: len(Dataset.load(folder).split(name)) for name in SPLITS}
    assert sum(description["items"].values()) == len(Dataset.load(folder).corpus)
    assert description["languages"] == LANGUAGES
    assert "CC BY-SA 4.0" in (folder / "LICENSE.md").read_text()


def test_something_else_is_not_replaced(emoji_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPE_CACHE", str(emoji_cache))
    with pytest.raises(UserError, match="holds something other than the data set 'composed'"):
        build_composed(build_emoji(progress=False), progress=False)
