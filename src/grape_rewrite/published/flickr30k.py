"""Flickr30k with five English captions a picture, in Karpathy's splits.

Format of `dataset_flickr30k.json`: an object with `images`, each with `filename`, `split` and `sentences`, whose `raw`
is the caption (Karpathy and Li, CVPR 2015).
"""

from pathlib import Path

from grape_rewrite.datasets.corpus import Item
from grape_rewrite.datasets.records import shown
from grape_rewrite.published.benchmark import Benchmark, Pictures
from grape_rewrite.published.counts import Counts
from grape_rewrite.published.part import Part
from grape_rewrite.published.source import Source

SPLITS = {"train": "train", "val": "dev", "test": "test"}


def read(source: Source, pictures: Pictures) -> dict[str, Part]:
    """Read captions and pictures."""
    file = source.file("dataset_flickr30k.json")
    parts = {name: Part() for name in SPLITS.values()}
    for number, image in enumerate(source.value(file, source.json(file), "images", list), start=1):
        where = f"image {number}"
        split, filename = (source.value(file, image, key, str, where) for key in ("split", "filename"))
        if split not in SPLITS:
            raise source.wrong(
                file, f"picture {shown(filename)} is in split {shown(split)}; {', '.join(SPLITS)} are known", where
            )
        part, id, place = parts[SPLITS[split]], Path(filename).stem, source.place(file, where)
        picture = source.picture(f"flickr30k-images/{filename}", f"images/{filename}", filename, origin=place)
        taken = pictures.take(id, picture, place)
        if taken is None:
            continue
        sentences = source.value(file, image, "sentences", list, where)
        part.add(Item(id, image=taken), place)
        part.ask_each(id, (source.value(file, sentence, "raw", str, where) for sentence in sentences), "en", place)
    return parts


FLICKR30K = Benchmark(
    name="flickr30k",
    holds="31,014 photographs with five English captions each, in Karpathy's splits.",
    page="https://shannon.cs.illinois.edu/DenotationGraph and "
    "https://cs.stanford.edu/people/karpathy/deepimagesent/caption_datasets.zip",
    files=("dataset_flickr30k.json", "the pictures as flickr30k-images/NUMBER.jpg"),
    licence="pictures under Flickr's terms of use, for research and education alone",
    size="4.4 GB and 37 MB",
    counts={"train": Counts(29_000, 145_000), "dev": Counts(1_014, 5_070), "test": Counts(1_000, 5_000)},
    languages=("en",),
    read=read,
    captions=5,
)
