import json
from collections import Counter
from pathlib import Path

import pytest

from grape_rewrite.datasets import Dataset, read_head
from grape_rewrite.datasets.embedded import fraction
from grape_rewrite.datasets.emoji import build_emoji
from grape_rewrite.datasets.emoji_scenes import DRAWINGS, NEXT_DRAWINGS, build_fresh_scenes, build_scenes
from grape_rewrite.datasets.scene import AND, caption
from grape_rewrite.errors import UserError

SPLITS = ("train", "dev", "test")


@pytest.fixture(scope="session")
def scenes_folder(emoji_cache: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPE_CACHE", str(emoji_cache))
        return build_scenes(progress=False)


def test_every_drawing_is_in_twenty_scenes_and_none_was_fitted_on(scenes_folder: Path, emoji_folder: Path) -> None:
    corpus = Dataset.load(scenes_folder).corpus
    assert len(corpus) == 600
    uses = Counter(id for item in corpus.ids for id in item.split("+"))
    assert uses == dict.fromkeys(DRAWINGS, 20)
    assert len(DRAWINGS) == 60
    fitted = {id for item in read_head(emoji_folder) for id in item.id.split("+")}
    assert not fitted & set(DRAWINGS)
    assert set(DRAWINGS) <= set(Dataset.load(emoji_folder).corpus.ids)


def test_fresh_scenes_are_of_the_sixty_drawings_that_follow(
    emoji_folder: Path, emoji_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPE_CACHE", str(emoji_cache))
    fresh = Dataset.load(build_fresh_scenes(progress=False))
    assert fresh.folder == Dataset.load("scenes-fresh").folder
    assert json.loads((fresh.folder / "dataset.json").read_text())["name"] == "scenes-fresh"
    assert Counter(id for item in fresh.corpus.ids for id in item.split("+")) == dict.fromkeys(NEXT_DRAWINGS, 20)
    assert len(set(NEXT_DRAWINGS) - set(DRAWINGS)) == 60
    assert not {id for item in read_head(emoji_folder) for id in item.id.split("+")} & set(NEXT_DRAWINGS)
    places = [[fraction(f"scene {id}") for id in drawings] for drawings in (DRAWINGS, NEXT_DRAWINGS)]
    assert max(places[0]) < min(places[1])  # by the hash that took the first sixty: nobody has picked them


def test_a_scene_is_asked_for_in_one_split_alone_and_its_words_in_all(scenes_folder: Path, targets) -> None:
    dataset = Dataset.load(scenes_folder)
    train, dev, test = (targets(dataset, name) for name in SPLITS)
    assert train | dev | test == set(dataset.corpus.ids)
    assert len(train) + len(dev) + len(test) == 600
    assert len(test) / 600 == pytest.approx(0.4, abs=0.04)
    assert len(dev) / 600 == pytest.approx(0.1, abs=0.03)
    for part in (train, test):
        assert {id for item in part for id in item.split("+")} == set(DRAWINGS)


def test_a_query_is_the_caption_in_one_language(scenes_folder: Path, emoji_folder: Path, targets) -> None:
    dataset, names = Dataset.load(scenes_folder), Dataset.load(emoji_folder).queries
    for name in SPLITS:
        split = dataset.split(name)
        languages = Counter(split.languages)
        assert languages == dict.fromkeys(set(AND) - {"en"}, len(targets(dataset, name)))
        for query in split:
            (item,) = split.qrels[query.id]
            first, second = item.split("+")
            language = str(query.language)
            assert query.id == f"{item}.{language}"
            assert query.text == caption(
                names[f"{first}.{language}"].text, names[f"{second}.{language}"].text, language
            )
            assert query.reference == f"{names[f'{first}.en'].text} and {names[f'{second}.en'].text}"


def test_it_is_built_once_and_loads_by_name(
    scenes_folder: Path, emoji_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPE_CACHE", str(emoji_cache))
    before = {file: file.stat().st_mtime_ns for file in scenes_folder.rglob("*")}
    assert build_scenes(progress=False) == Dataset.load("scenes").folder == scenes_folder
    assert {file: file.stat().st_mtime_ns for file in scenes_folder.rglob("*")} == before


def test_two_builds_are_equal_byte_by_byte(
    scenes_folder: Path, emoji_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPE_CACHE", str(emoji_cache))
    again = build_scenes(tmp_path / "again", progress=False)
    files = [file.relative_to(scenes_folder) for file in scenes_folder.rglob("*") if file.is_file()]
    assert len(files) == 600 + 7
    assert all((again / file).read_bytes() == (scenes_folder / file).read_bytes() for file in files)


def test_description_counts_what_is_there(scenes_folder: Path, targets) -> None:
    description = json.loads((scenes_folder / "dataset.json").read_text())
    dataset = Dataset.load(scenes_folder)
    assert description["queries"] == {name: len(dataset.split(name)) for name in SPLITS}
    assert description["items"] == {name: len(targets(dataset, name)) for name in SPLITS}
    assert "CC BY-SA 4.0" in (scenes_folder / "LICENSE.md").read_text()


def test_a_folder_with_something_else_is_never_replaced(
    emoji_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPE_CACHE", str(emoji_cache))
    with pytest.raises(UserError, match="holds something other than the data set 'scenes'"):
        build_scenes(build_emoji(progress=False), progress=False)
