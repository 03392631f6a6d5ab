"""CIRR: pairs of photographs and a text that tells how the one differs from the other (Liu et al., ICCV 2021).

Formats: `captions/cap.rc2.SPLIT.json`, records with `pairid`, `reference`, `target_hard`, `caption` and `img_set`,
whose `members` are six pictures alike, reference and target among them; `image_splits/split.rc2.SPLIT.json`, name of a
picture -> its path. The answers of the official test split, `test1`, are known to its server alone (`grape submit`
writes what that reads), so val, as is customary, is what is reported; a part of train is what settings are chosen by.
"""

import logging

from grape_rewrite.datasets.corpus import Item
from grape_rewrite.datasets.embedded import fraction
from grape_rewrite.datasets.records import shown
from grape_rewrite.datasets.split import Query
from grape_rewrite.published.benchmark import Benchmark, Pictures
from grape_rewrite.published.counts import Counts
from grape_rewrite.published.part import Part
from grape_rewrite.published.source import Source

logger = logging.getLogger(__name__)

BLANK = "the same"  # the official caption of pair 27098 of test1 is a space, and the server wants all pairs
MEMBERS = 6  # of the set that a pair is from
TRAIN = ("captions/cap.rc2.train.json", "image_splits/split.rc2.train.json")
DEV = 0.05  # share of the official training pairs, by the pictures they start from


def read(source: Source, pictures: Pictures) -> dict[str, Part]:
    """Read pairs and pictures; who measures alone, and says so, needs no file of train."""
    train, parts = Part(), {}
    if source.partial and not any(source.has(name) for name in TRAIN):
        logger.warning("cirr: %s has neither %s; train and dev are left out", source.folder, " nor ".join(TRAIN))
    else:
        train = _part(source, pictures, "train")
        parts = {"train": Part(train.items), "dev": Part(train.items)}
    parts["test"] = _part(source, pictures, "val")
    if source.has("captions/cap.rc2.test1.json") and any(
        source.has(f"img_raw/{path}") for path in _names(source, "test1").values()
    ):
        parts["test1"] = _part(source, pictures, "test1", judged=False)
    for query in train.queries:
        start = query.image.stem if query.image else ""
        part = parts["dev" if fraction(f"cirr {start}") < DEV else "train"]
        part.queries.append(query)
        part.qrels[query.id] = train.qrels[query.id]
    return parts


def _part(source: Source, pictures: Pictures, split: str, judged: bool = True) -> Part:
    part = Part()
    names = _names(source, split)
    listed = source.file(f"image_splits/split.rc2.{split}.json")
    for name, path in names.items():
        place = source.place(listed, f"picture {shown(name)}")
        image = pictures.take(name, source.picture(f"img_raw/{path}", path, origin=place), place)
        if image is not None:
            part.items.append(Item(name, image=image))
    images = {item.id: item.image for item in part.items}
    file = source.file(f"captions/cap.rc2.{split}.json")
    records = source.json(file)
    if not isinstance(records, list):
        raise source.wrong(file, "a list of pairs is expected")
    for row, record in enumerate(records, start=1):
        number = source.value(file, record, "pairid", int, f"record {row}")
        pair = f"record {row}, pair {number}"
        reference, *target = (
            source.value(file, record, key, str, pair) for key in ("reference", *(["target_hard"] if judged else []))
        )
        blank = not judged and not source.value(file, record, "caption", str, pair).strip()
        text = BLANK if blank else source.words(file, record, "caption", pair)
        members = source.strings(file, source.value(file, record, "img_set", dict, pair), "members", pair)
        unknown = next((name for name in (reference, *target, *members) if name not in names), None)
        if unknown is not None:
            raise source.wrong(file, f"picture {unknown!r} is not in split.rc2.{split}.json", pair)
        if reference in target:
            raise source.wrong(file, f"reference and target are the same picture, {reference!r}", pair)
        if len(set(members)) != MEMBERS or not {reference, *target} <= set(members):
            raise source.wrong(
                file,
                f"'members' are {shown(members)}; {MEMBERS} pictures are expected there, "
                f"{' and '.join(map(repr, (reference, *target)))} among them",
                pair,
            )
        if not all(name in images for name in (reference, *target)):
            continue
        among = tuple(name for name in members if name in images)
        query = Query(f"{split}.{number}", text, images[reference], "en", among=among)
        part.ask(query, target, source.place(file, pair))
    return part


def _names(source: Source, split: str) -> dict[str, str]:
    """The names of a split's pictures and their paths."""
    file = source.file(f"image_splits/split.rc2.{split}.json")
    names = source.json(file)
    if not isinstance(names, dict):
        raise source.wrong(file, "an object, name of a picture -> its path, is expected")
    return {name: source.value(file, names, name, str).removeprefix("./") for name in names}


CIRR = Benchmark(
    name="cirr",
    holds="32,406 pairs of photographs with a text that tells what is to be different.",
    page="https://github.com/Cuberick-Orion/CIRR (branch cirr_dataset), pictures from https://lil.nlp.cornell.edu/nlvr",
    files=(
        "captions/cap.rc2.val.json and image_splits/split.rc2.val.json",
        "cap.rc2.train.json and split.rc2.train.json beside them, which --partial does without",
        "the pictures as img_raw/train/NUMBER/NAME.png and img_raw/dev/NAME.png",
        "for the test server, cap.rc2.test1.json, split.rc2.test1.json and img_raw/test1/NAME.png too",
    ),
    licence="texts MIT; pictures under NLVR2's terms, for research alone",
    size="size not published",
    counts={"train+dev": Counts(16_939, 28_225), "test": Counts(2_297, 4_181), "test1": Counts(2_315, 4_148)},
    optional=("test1",),
    languages=("en",),
    read=read,
)
