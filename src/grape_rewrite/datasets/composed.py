"""The embedded composed data set: a scene, and what is to change in it."""

import shutil
from pathlib import Path

from grape_rewrite.cache import cache_folder, whole_folder
from grape_rewrite.datasets.beir import Qrels, write_dataset
from grape_rewrite.datasets.change import LANGUAGES, change, language_of
from grape_rewrite.datasets.corpus import Item
from grape_rewrite.datasets.dataset import Dataset
from grape_rewrite.datasets.embedded import describe, described, is_built, share_of
from grape_rewrite.datasets.emoji import build_emoji
from grape_rewrite.datasets.scene import Pair, caption, draw_scenes, ring, scene_id
from grape_rewrite.datasets.split import Query

LAYOUT = 2  # raised when what is written changes, so that no older copy in a cache is taken for it
# Drawings of the searched part of `emoji` whose English name is a noun of WordNet, and which `lite-clip` ranks among
# its first ten by that name: all of them; see docs/log.md.
DRAWINGS = """
1F305 1F307 1F320 1F32B 1F334 1F33A 1F33B 1F33C 1F345 1F34B 1F350 1F363 1F37F 1F384 1F3B5 1F3B8 1F3D9 1F3E0 1F3E4
1F3E5 1F3F4 1F3F8 1F409 1F40A 1F40E 1F418 1F441 1F442 1F45D 1F45F 1F466 1F474 1F478 1F48D 1F49C 1F4C1 1F4C7 1F4E2
1F4E7 1F4EE 1F4F0 1F4FA 1F4FC 1F525 1F56F 1F576 1F577 1F5A8 1F682 1F690 1F691 1F69D 1F6A1 1F6A2 1F6C1 1F6C3 1F6C4
1F6CF 1F6F5 1F94E 1F95C 1F966 1F97D 1F982 1F985 1F986 1F989 1F98C 1F990 1F99F 1F9A8 1F9AB 1F9AE 1F9B5 1F9B6 1F9CF
1F9D1-200D-1F3ED 1F9E5 1FA82 1FA93 1FA9B 1FACE 1FACF 1FADB 2600 2618 2649 2650 2652 267E 26BD 26EA 26F7
""".split()  # noqa: SIM905
# Upper bounds of each split, as shares of all drawings.
SPLITS = {"test": 0.30, "dev": 0.45, "train": 1.0}
REACH = 5  # of the rings in each split: each drawing is in twice as many scenes


def build_composed(folder: Path | None = None, progress: bool = True) -> Path:
    """Build the data set `composed`, unless it is there already, whole and of the same versions.

    A query is a scene of two drawings and a text that wants another drawing in the place of one of them; what it finds
    is the scene of what stays and what comes. What stays is not said, so the text alone does not do, and the scene
    alone does not say what comes. The texts are in English and six other languages, in several wordings.

    A drawing belongs to one split, and scenes are made of drawings of the same split, so that a test query has neither
    a picture nor a word for a thing that any training query had. A wording belongs to one split too. All scenes are
    searched. The caption of the scene that is wanted, in English, is each query's reference.

    :param folder: where to build; by default a folder in the cache that is named after the versions.
    :param progress: show progress bars.
    :return: the data set's folder.
    :raises UserError: when a package is missing, or `folder` holds something else.
    """
    source = build_emoji(progress=progress)
    description = described(source)
    key = f"{description['key']}-{LAYOUT}"
    folder = folder or cache_folder() / "datasets" / f"composed-{key}"
    if is_built(folder, "composed", key):
        return folder
    emoji = Dataset.load(source)
    names = {id: {lang: emoji.queries[f"{id}.{lang}"].text for lang in LANGUAGES} for id in DRAWINGS}
    splits = {id: share_of(f"composed {id}", SPLITS) for id in DRAWINGS}
    scenes = {name: ring([id for id in DRAWINGS if splits[id] == name], REACH) for name in SPLITS}
    with whole_folder(folder) as draft:
        images = draw_scenes([pair for pairs in scenes.values() for pair in pairs], source, draft, progress)
        queries = []
        qrels: dict[str, Qrels] = {name: {} for name in ("train", "dev", "test")}
        for split, pairs in scenes.items():
            for before, after in _changes(pairs):
                old, new = (set(before) - set(after)).pop(), (set(after) - set(before)).pop()
                id = f"{scene_id(before)}>{scene_id(after)}"
                language = language_of(id)
                text = change(names[old][language], names[new][language], split, language, id)
                wanted = caption(names[after[0]]["en"], names[after[1]]["en"], "en")
                queries.append(Query(id, text, images[before], language, wanted))
                qrels[split][id] = {scene_id(after): 1}
        write_dataset(draft, (Item(scene_id(pair), image=file) for pair, file in images.items()), queries, qrels)
        shutil.copy(source / "LICENSE.md", draft / "LICENSE.md")
        parts = (name for name, pairs in scenes.items() for _ in pairs)
        describe(draft, "composed", key, description["packages"], parts, qrels, LANGUAGES)
    return folder


def _changes(pairs: list[Pair]) -> list[tuple[Pair, Pair]]:
    """All two scenes that differ in one thing, in either direction."""
    return [(before, after) for before in pairs for after in pairs if len(set(before) & set(after)) == 1]
