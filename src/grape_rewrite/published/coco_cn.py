"""COCO-CN: pictures of MS-COCO with captions that people wrote in Chinese (Li et al., IEEE Transactions on Multimedia
2019).

Formats: `coco-cn_SPLIT.txt`, a picture's name a line; `imageid.human-written-caption.txt`, `NAME#NUMBER`, a tab and a
caption a line.
"""

from grape_rewrite.datasets.corpus import Item
from grape_rewrite.datasets.records import read_lines
from grape_rewrite.published.benchmark import Benchmark, Pictures
from grape_rewrite.published.counts import Counts
from grape_rewrite.published.part import Part
from grape_rewrite.published.source import Source

SPLITS = {"train": "train", "val": "dev", "test": "test"}


def read(source: Source, pictures: Pictures) -> dict[str, Part]:
    """Read captions and pictures."""
    texts: dict[str, list[str]] = {}
    file = source.file("imageid.human-written-caption.txt")
    for line, row in read_lines(file):
        key, tab, text = row.partition("\t")
        name, sign, _ = key.partition("#")
        if not tab or not sign:
            raise source.wrong(file, "NAME#NUMBER, a tab and a caption are expected", line)
        texts.setdefault(name, []).append(text)
    parts = {}
    for official, split in SPLITS.items():
        part = parts[split] = Part()
        file = source.file(f"coco-cn_{official}.txt")
        for line, row in read_lines(file):
            name, place = row.strip(), source.place(file, line)
            folder = "train2014" if "train2014" in name else "val2014"
            picture = source.picture(f"{folder}/{name}.jpg", f"images/{name}.jpg", f"{name}.jpg", origin=place)
            image = pictures.take(name, picture, place)
            if image is not None:
                part.add(Item(name, image=image), place)
                part.ask_each(name, texts.get(name, []), "zh", place)
    return parts


COCO_CN = Benchmark(
    name="coco-cn",
    holds="20,341 photographs with captions that people wrote in Chinese.",
    page="https://github.com/li-xirong/coco-cn, pictures from https://cocodataset.org (2014 train and val)",
    files=(
        "coco-cn_train.txt, coco-cn_val.txt, coco-cn_test.txt",
        "imageid.human-written-caption.txt",
        "the pictures in train2014/ and val2014/",
    ),
    licence="captions MIT; pictures under Flickr's terms of use",
    size="16 MB and 19 GB",
    counts={"train": Counts(18_341, 20_065), "dev": Counts(1_000, 1_100), "test": Counts(1_000, 1_053)},
    languages=("zh",),
    read=read,
)
