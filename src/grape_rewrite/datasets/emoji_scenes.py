"""The embedded data sets of the demo and of its confirmation: scenes of two OpenMoji drawings."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from grape_rewrite.cache import cache_folder, whole_folder
from grape_rewrite.datasets.beir import write_dataset
from grape_rewrite.datasets.corpus import Item
from grape_rewrite.datasets.dataset import Dataset
from grape_rewrite.datasets.embedded import ask_for, describe, described, is_built
from grape_rewrite.datasets.emoji import build_emoji
from grape_rewrite.datasets.scene import AND, REACH, captions, draw_scenes, ring, scene_id, split_of

LAYOUT = 2  # raised when what is written changes, so that no older copy in a cache is taken for it
# Drawings of the searched part of `emoji` that an index made for English serves well: `lite-clip` ranks them among its
# first ten by their English names (304 of 602). `DRAWINGS` are the sixty of lowest hash among them, `NEXT_DRAWINGS` the
# sixty that follow; see docs/log.md.
DRAWINGS = """
1F197 1F305 1F320 1F329 1F334 1F33B 1F38E 1F3C4 1F40E 1F433 1F437 1F469-200D-1F33E 1F469-200D-1F3A4 1F487 1F48D 1F49C
1F4C7 1F4E2 1F4E8 1F4ED 1F4F0 1F50A 1F53C 1F553 1F560 1F576 1F577 1F5D2 1F600 1F614 1F62E 1F62E-200D-1F4A8 1F63A
1F640 1F642-200D-2195 1F648 1F64E 1F68B 1F6A1 1F6A2 1F6C1 1F6C4 1F7E4 1F7EB 1F985 1F990 1F9D1-200D-1F9AF
1F9D1-200D-1F9D1-200D-1F9D2 1F9E5 1FA82 1FAA9 1FADB 1FAE9 203C 25FD 2600 2618 267E 2764 2B07
""".split()  # noqa: SIM905
NEXT_DRAWINGS = """
002A-20E3 1F191 1F232 1F233 1F316 1F319 1F33A 1F34F 1F356 1F378 1F3A0 1F3C3 1F40A 1F441 1F466 1F468-200D-1F4BC
1F469-200D-2708 1F46B 1F471 1F474 1F493 1F4D9 1F4E4 1F4E9 1F53B 1F570 1F5C2 1F5FA 1F605 1F60C 1F696 1F69D 1F6B5 1F7F0
1F94E 1F95C 1F966 1F97D 1F97E 1F99F 1F9D1-200D-1F384 1F9D1-200D-1F9BD 1FA75 1FA76 1FAC4 1FAC5 1FACE 1FAF7 23ED 25B6 25FB
25FC 2640 2652 26C5 26F7 2755 2763 2935 2B1C
""".split()  # noqa: SIM905


def build_scenes(folder: Path | None = None, progress: bool = True) -> Path:
    """Build the data set `scenes`, unless it is there already, whole and of the same versions.

    As in photographs with captions, what is seen and said comes again, and the whole is new: 600 pairs of 60 drawings
    of the searched part of `emoji`, each drawing in 20 scenes. A scene belongs to one split, so that a test query asks
    for a scene that no training query asked for, in words that others have used. A query is the caption of a scene in
    one of 13 languages; English captions are in `queries.jsonl`, but in no split.

    :param folder: where to build; by default a folder in the cache that is named after the versions.
    :param progress: show progress bars.
    :return: the data set's folder.
    :raises UserError: when a package is missing, or `folder` holds something else.
    """
    return _build("scenes", DRAWINGS, folder, progress)


def build_fresh_scenes(folder: Path | None = None, progress: bool = True) -> Path:
    """Build the data set `scenes-fresh`: made as `scenes` is, of sixty drawings that are not in it.

    Nothing was chosen by it: it confirms, on new things, what was chosen by `scenes`.

    :param folder: where to build; by default a folder in the cache that is named after the versions.
    :param progress: show progress bars.
    :return: the data set's folder.
    :raises UserError: when a package is missing, or `folder` holds something else.
    """
    return _build("scenes-fresh", NEXT_DRAWINGS, folder, progress)


def _build(name: str, drawings: Sequence[str], folder: Path | None, progress: bool) -> Path:
    """Build a data set of a name from the ring of some drawings."""
    source = build_emoji(progress=progress)
    description = described(source)
    key = f"{description['key']}-{LAYOUT}"
    folder = folder or cache_folder() / "datasets" / f"{name}-{key}"
    if is_built(folder, name, key):
        return folder
    emoji = Dataset.load(source)
    names = {id: {lang: emoji.queries[f"{id}.{lang}"].text for lang in AND} for id in drawings}
    pairs = ring(list(names), REACH)
    with whole_folder(folder) as draft:
        images = draw_scenes(pairs, source, draft, progress)
        splits = {pair: split_of(pair, "split") for pair in pairs}
        queries, qrels = ask_for(
            (scene_id(pair), splits[pair], captions(*(names[id] for id in pair))) for pair in pairs
        )
        write_dataset(draft, (Item(scene_id(pair), image=image) for pair, image in images.items()), queries, qrels)
        shutil.copy(source / "LICENSE.md", draft / "LICENSE.md")
        describe(draft, name, key, description["packages"], splits.values(), qrels, AND)
    return folder
