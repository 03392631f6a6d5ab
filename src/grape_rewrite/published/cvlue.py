"""CVLUE: photographs from China with five Chinese captions each (Wang et al., 2024), its part for retrieval.

Format: JSON arrays in `IC/`, records with `image`, a path, and `caption`, one text or a list of them.
"""

from pathlib import PurePosixPath
from typing import Any

from grape_rewrite.datasets.corpus import Item
from grape_rewrite.published.benchmark import Benchmark, Pictures
from grape_rewrite.published.counts import Counts
from grape_rewrite.published.part import Part
from grape_rewrite.published.source import Source

SPLITS = {
    "train": ("IC/last_train.json", "IC/*train*.json", "*train*.json"),
    "dev": ("IC/new_val.json", "IC/*val*.json", "*val*.json"),
    "test": ("IC/new_test.json", "IC/*test*.json", "IC/*gold*.json", "*test*.json"),
}
"""Split -> the official name of its file, and patterns of others."""


def read(source: Source, pictures: Pictures) -> dict[str, Part]:
    """Read captions and pictures."""
    return {split: _part(source, pictures, names) for split, names in SPLITS.items()}


def _part(source: Source, pictures: Pictures, names: tuple[str, ...]) -> Part:
    file = source.file(*names)
    records: Any = source.json(file)
    if not isinstance(records, list):
        raise source.wrong(file, "a list of records with 'image' and 'caption' is expected")
    texts: dict[str, list[str]] = {}
    for number, record in enumerate(records, start=1):
        image = source.value(file, record, "image", str, f"record {number}")
        caption = source.value(file, record, "caption", (str, list), f"picture {image}")
        texts.setdefault(image, []).extend(
            [caption] if isinstance(caption, str) else source.strings(file, record, "caption", f"picture {image}")
        )
    part = Part()
    for image, captions in texts.items():
        path = PurePosixPath(image)
        within = path.relative_to("images").as_posix() if path.parts[:1] == ("images",) else image
        id, place = path.stem, source.place(file, f"picture {image}")
        picture = source.picture(image, f"pics/{image}", f"images/{within}", f"pics/{within}", origin=place)
        taken = pictures.take(id, picture, place)
        if taken is not None:
            part.add(Item(id, image=taken), place)
            part.ask_each(id, captions, "zh", place)
    return part


CVLUE = Benchmark(
    name="cvlue",
    holds="30,009 photographs from China with five Chinese captions each.",
    page="https://github.com/WangYuxuan93/CVLUE",
    files=("IC/last_train.json, IC/new_val.json and IC/new_test.json", "the pictures under the paths that these name"),
    licence="CC BY-NC-ND 4.0",
    size="size not published",
    counts={"train": Counts(17_920, 89_600), "dev": Counts(3_116, 15_580), "test": Counts(8_973, 44_865)},
    languages=("zh",),
    read=read,
    captions=5,
)
