"""Miniatures of the official layouts: the same files, names and formats, with a few pictures."""

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image


def picture(seed: int) -> bytes:
    """A JPEG of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (seed * 37 % 256, seed * 91 % 256, seed * 53 % 256)).save(file, "JPEG")
    return file.getvalue()


def put(file: Path, content: bytes | str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


def flickr30k(folder: Path) -> None:
    images = []
    for number, split in enumerate(["train"] * 3 + ["val"] * 2 + ["test"] * 2):
        name = f"10000{number}.jpg"
        sentences = [{"tokens": ["a"], "raw": f"A dog  number {number}, {row}.", "sentid": row} for row in range(5)]
        images.append({"filename": name, "split": split, "imgid": number, "sentids": [], "sentences": sentences})
        put(folder / "flickr30k-images" / name, picture(number))
    put(folder / "dataset_flickr30k.json", json.dumps({"images": images, "dataset": "flickr30k"}))


def flickr30k_cn(folder: Path) -> None:
    for split, numbers in (("train", (1, 2, 3)), ("valid", (4, 5)), ("test", (6, 7))):
        rows = [f"{number}\t{base64.b64encode(picture(number)).decode()}" for number in numbers]
        put(folder / f"{split}_imgs.tsv", "\n".join(rows) + "\n")
        texts = [
            {"text_id": 5 * number + row, "text": f"一只狗 {number}", "image_ids": [number]}
            for number in numbers
            for row in range(5)
        ]
        put(folder / f"{split}_texts.jsonl", "".join(json.dumps(text, ensure_ascii=False) + "\n" for text in texts))


def coco_cn(folder: Path) -> None:
    captions = []
    for split, numbers in (("train", (1, 2, 3)), ("val", (4, 5)), ("test", (6, 7))):
        names = [f"COCO_{'train' if number % 2 else 'val'}2014_{number:012d}" for number in numbers]
        put(folder / f"coco-cn_{split}.txt", "\n".join(names))  # some copies lack the last line break
        for name, number in zip(names, numbers, strict=True):
            put(folder / name.split("_")[1] / f"{name}.jpg", picture(number))
            captions += [f"{name}#{row}\t一只猫{number}" for row in range(1 + (split == "test" and number == 6))]
    put(folder / "imageid.human-written-caption.txt", "\n".join(captions) + "\n")


def cvlue(folder: Path) -> None:
    for split, numbers, place in (("last_train", (1, 2, 3), "train-valid"), ("new_val", (4, 5), "train-valid")):
        _cvlue(folder, split, numbers, place)
    _cvlue(folder, "new_test", (6, 7), "test")


def _cvlue(folder: Path, split: str, numbers: tuple[int, ...], place: str) -> None:
    records: list[dict[str, object]] = []
    for number in numbers:
        image, captions = f"images/{place}/B/1-panda/B-1-{number}.png", [f"熊猫{number}{row}" for row in range(5)]
        put(folder / image, picture(number))
        # The official training file has a record for each caption, the others one for each picture.
        records += (
            [{"image": image, "caption": text} for text in captions]
            if "train" in split
            else [{"image": image, "caption": captions, "image_id": number}]
        )
    put(folder / "IC" / f"{split}.json", json.dumps(records, ensure_ascii=False))


def xm3600(folder: Path) -> None:
    from grape_rewrite.published.xm3600 import LANGUAGES

    records = []
    for number in range(3):
        key = f"{number:016x}"
        texts = {language: {"caption": [f"{language} {number}", f"{language} 2"]} for language in LANGUAGES}
        records.append({"image/key": key, "image/locale": "de", **texts})
        put(folder / "images" / f"{key}.jpg", picture(number))
    put(folder / "captions.jsonl", "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))


def wikipedia(folder: Path) -> None:
    for split, numbers in (("train", range(20)), ("test", range(20, 24))):
        rows = []
        for number in numbers:
            text, image = f"0b4ebd99673d910a6747df881d000dc1-{number}.5", f"f{number:031d}"
            put(
                folder / "texts" / f"{text}.xml",
                f'<document name="x"><text id="1"> The <b>city</b> &amp; port\n{number} &lt;</text>'
                f"<text>has a river.</text><image id={image}></document>",
            )
            put(folder / "images" / "geography" / f"{image}.jpg", picture(number))
            rows.append(f"{text}\t{image}\t3")
        put(folder / f"{split}set_txt_img_cat.list", "\n".join(rows) + "\n")


def cirr(folder: Path) -> None:
    for split, place, count in (("train", "train/34", 60), ("val", "dev", 9), ("test1", "test1", 8)):
        names = [f"{place.split('/')[0]}-{number}-0-img{number % 2}" for number in range(count)]
        paths = {name: f"./{place}/{name}.png" for name in names}
        put(folder / "image_splits" / f"split.rc2.{split}.json", json.dumps(paths))
        for number, name in enumerate(names):
            put(folder / "img_raw" / place / f"{name}.png", picture(number))
        pairs = [
            {
                "pairid": 100 + number,
                "reference": names[number],
                "target_hard": names[number - 1],
                "target_soft": {names[number - 1]: 1.0},
                "caption": f"the one before {number}",
                "img_set": {"id": 1, "members": [names[number - step] for step in range(6)], "target_rank": 3},
            }
            for number in range(count)
        ]
        if split == "test1":
            pairs[3]["caption"] = " "  # as the official one of pair 27098
            pairs = [{key: pair[key] for key in pair if not key.startswith("target")} for pair in pairs]
        put(folder / "captions" / f"cap.rc2.{split}.json", json.dumps(pairs))


MINIATURES: dict[str, Callable[[Path], None]] = {
    "flickr30k": flickr30k,
    "flickr30k-cn": flickr30k_cn,
    "coco-cn": coco_cn,
    "cvlue": cvlue,
    "xm3600": xm3600,
    "wikipedia": wikipedia,
    "cirr": cirr,
}


@pytest.fixture
def miniature(tmp_path: Path) -> Callable[[str], Path]:
    """Make a miniature of a benchmark's official files and return its folder."""

    def make(name: str) -> Path:
        folder = tmp_path / f"official-{name}"
        MINIATURES[name](folder)
        return folder

    return make
