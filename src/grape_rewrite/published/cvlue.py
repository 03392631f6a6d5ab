"""CVLUE: photographs from China with five Chinese captions each (Wang et al., 2024), its part for retrieval.

Format: JSON arrays in `IC/`, records with `image`, a path, and `caption`, one text or a list of them.
"""

from pathlib import PurePosixPath
from typing import Any

from grape_rewrite.datasets.corpus import Item
from grape_rewrite.published.benchmark import Benchmark, Counts, Part, Pictures, texts_of
from grape_rewrite.published.source import Source

SPLITS = {
    "train": ("IC/*train*.json", "*train*.json"),
    "dev": ("IC/*val*.json", "*val*.json"),
    "test": ("IC/*test*.json", "IC/*gold*.json", "*test*.json"),
}


def read(source: Source, pictures: Pictures) -> dict[str, Part]:
    """Read captions and pictures."""
    return {split: _part(source, pictures, names) for split, names in SPLITS.items()}


def _part(source: Source, pictures: Pictures, names: tuple[str, ...]) -> Part:
    file = source.file(*names)
    records: Any = source.json(file)
    if not isinstance(records, list):
        raise source.wrong(file, "a list of records with 'image' and 'caption' is expected")
    texts: dict[str, list[str]] = {}
    for record in records:
        captions = source.value(file, record, "caption", (str, list))
        texts.setdefault(source.value(file, record, "image", str), []).extend(
            [captions] if isinstance(captions, str) else map(str, captions)
        )
    part = Part()
    for image, captions in texts.items():
        path = PurePosixPath(image)
        within = path.relative_to("images").as_posix() if path.parts[:1] == ("images",) else image
        place = source.picture(image, f"pics/{image}", f"images/{within}", f"pics/{within}")
        if place is not None:
            id = path.stem
            part.items.append(Item(id, image=pictures.take(id, place)))
            texts_of(part, id, captions, "zh")
    return part


CVLUE = Benchmark(
    name="cvlue",
    holds="30,009 photographs from China with five Chinese captions each.",
    page="https://github.com/WangYuxuan93/CVLUE",
    files=("IC/ with a JSON file each for train, val and test", "the pictures under the paths that these name"),
    licence="CC BY-NC-ND 4.0",
    size="size not published",
    counts={"train": Counts(17_920, 89_600), "dev": Counts(3_116, 15_580), "test": Counts(8_973, 44_865)},
    languages=("zh",),
    read=read,
)
