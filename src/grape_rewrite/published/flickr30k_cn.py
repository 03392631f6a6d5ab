"""Flickr30k-CN: Flickr30k with Chinese captions, in the files that Chinese-CLIP passes on.

Formats: `SPLIT_imgs.tsv`, a number, a tab and the picture in base64 a line; `SPLIT_texts.jsonl`, records with
`text_id`, `text` and `image_ids` (README of OFA-Sys/Chinese-CLIP). Captions of train and dev were translated by a
machine, those of test by people (Lan, Li and Dong, ACM Multimedia 2017).
"""

import base64
import binascii
from pathlib import Path

from grape_rewrite.datasets.corpus import Item
from grape_rewrite.datasets.records import read_lines, shown
from grape_rewrite.datasets.split import Query
from grape_rewrite.published.benchmark import Benchmark, Pictures
from grape_rewrite.published.counts import Counts
from grape_rewrite.published.part import Part
from grape_rewrite.published.source import Source

SPLITS = {"train": "train", "valid": "dev", "test": "test"}


def read(source: Source, pictures: Pictures) -> dict[str, Part]:
    """Read captions and pictures."""
    return {name: _part(source, pictures, official) for official, name in SPLITS.items()}


def _part(source: Source, pictures: Pictures, split: str) -> Part:
    part, file = Part(), source.file(f"{split}_imgs.tsv")
    for line, row in read_lines(file):
        number, tab, content = row.partition("\t")
        if not tab or not number.isdecimal():
            raise source.wrong(file, "a number, a tab and a picture in base64 are expected", line)
        picture = _decoded(source, pictures, file, line, number, content)
        if picture is not None:
            part.add(Item(number, image=picture), source.place(file, line))
    known = {item.id for item in part.items}
    file = source.file(f"{split}_texts.jsonl")
    for line, record in source.json_lines(file):
        number = source.value(file, record, "text_id", (int, str), line)
        text = source.words(file, record, "text", line)
        query = Query(f"{split}.{number}", text, language="zh")
        images = source.value(file, record, "image_ids", list, line)
        if not images:
            raise source.wrong(file, "'image_ids' is empty: the right pictures of this split are hidden", line)
        unknown = next((image for image in map(str, images) if image not in known), None)
        if unknown is not None and not source.partial:
            raise source.wrong(file, f"picture {shown(unknown)} is not in {split}_imgs.tsv", line)
        part.ask(query, map(str, images), source.place(file, line))
    return part.without_missing() if source.partial else part


def _decoded(source: Source, pictures: Pictures, file: Path, line: int, id: str, content: str) -> Path | None:
    try:
        characters = b"-_" if "-" in content or "_" in content else None
        picture = base64.b64decode(content.strip(), altchars=characters, validate=True)
    except (binascii.Error, ValueError) as error:
        raise source.wrong(file, f"picture {id} is no base64 ({error})", line) from error
    return pictures.write(id, picture, source.place(file, line))


FLICKR30K_CN = Benchmark(
    name="flickr30k-cn",
    holds="31,783 photographs with five Chinese captions each.",
    page="https://github.com/OFA-Sys/Chinese-CLIP (datasets/Flickr30k-CN.zip)",
    files=("train_imgs.tsv, valid_imgs.tsv, test_imgs.tsv", "train_texts.jsonl, valid_texts.jsonl, test_texts.jsonl"),
    licence="pictures under Flickr's terms of use, for research and education alone",
    size="size not published",
    counts={"train": Counts(29_783, 148_915), "dev": Counts(1_000, 5_000), "test": Counts(1_000, 5_000)},
    languages=("zh",),
    read=read,
    captions=5,
)
