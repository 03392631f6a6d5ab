"""What becomes of the pictures of published benchmarks, and of those that are missing, broken or named alike."""

import base64
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from grape_rewrite.datasets import Dataset
from grape_rewrite.errors import UserError
from grape_rewrite.published import BENCHMARKS

Miniature = Callable[[str], Path]


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name != "flickr30k-cn"])
def test_a_missing_picture_is_a_mistake_unless_a_part_is_accepted(
    name: str, miniature: Miniature, tmp_path: Path
) -> None:
    source = miniature(name)
    whole = len(Dataset.load(BENCHMARKS[name].prepare(source, tmp_path / "whole", partial=True)).corpus)
    gone = min(file for file in source.rglob("*") if file.suffix in {".jpg", ".png"})
    gone.unlink()
    missing = r"(, line \d+|, image \d+|, picture '?\S+'?): \S+ has no picture .*--partial leaves out what is not there"
    with pytest.raises(UserError, match=missing):
        BENCHMARKS[name].prepare(source, tmp_path / "out")
    left = Dataset.load(BENCHMARKS[name].prepare(source, tmp_path / "out", partial=True))
    assert len(left.corpus) == whole - 1
    assert gone.stem not in left.corpus.position
    for split in left.splits:
        assert all(id != gone.stem for judged in left.split(split).qrels.values() for id in judged)


def cut_off() -> bytes:
    """The first half of a JPEG."""
    file = io.BytesIO()
    Image.linear_gradient("L").save(file, "JPEG")
    return file.getvalue()[: len(file.getvalue()) // 2]


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_broken_picture_is_named_when_it_is_taken(name: str, miniature: Miniature, tmp_path: Path, grape) -> None:
    """One that is cut off, its header whole; --partial leaves it out as one that is not there."""
    source, out = miniature(name), tmp_path / "sub" / "out"
    whole = Dataset.load(BENCHMARKS[name].prepare(source, tmp_path / "whole", partial=True)).corpus
    if name == "flickr30k-cn":
        file, broken = source / "train_imgs.tsv", "1"
        _, *others = file.read_text().splitlines()
        file.write_text("\n".join([f"1\t{base64.b64encode(cut_off()).decode()}", *others]))
        named = f"{file}, line 1: its picture '1' is not a readable image (image file is truncated"
    else:
        file = min(file for file in source.rglob("*") if file.suffix in {".jpg", ".png"})
        file.unlink()  # the picture of the whole set is a link to it
        file.write_bytes(cut_off())
        broken, named = file.stem, f": {file} is not a readable image (image file is truncated"
    command = ("data", name, "--source", source, "--out", out)
    refused = grape(*command)
    assert refused.code == 2
    [line] = refused.error_lines
    assert re.match(rf"error: {source}/\S+, (line|image|picture) \S+: ", line)
    assert named in line
    assert "--partial leaves it out" in line
    assert not out.parent.exists()
    accepted = grape(*command, "--partial")
    assert accepted.code == 0
    assert any(named in line and line.endswith("it is left out") for line in accepted.err.splitlines())
    left = Dataset.load(out).corpus
    assert set(whole.ids) - set(left.ids) == {broken}
    assert len(list((out / "images").iterdir())) == len(left)


@pytest.mark.parametrize("name", ["cvlue", "xm3600"])
def test_a_name_that_is_no_plain_word_is_named_with_its_place(name: str, miniature: Miniature, tmp_path: Path) -> None:
    source = miniature(name)
    file = source / ("IC/new_test.json" if name == "cvlue" else "captions.jsonl")
    old, picture = next((each.stem, each) for each in source.rglob("*.*") if each.stem in {"B-1-6", f"{1:016x}"})
    picture.rename(picture.with_stem("my photo"))
    file.write_text(file.read_text().replace(old, "my photo"))
    with pytest.raises(UserError) as caught:
        BENCHMARKS[name].prepare(source, tmp_path / "out", partial=True)
    place = "picture images/test/B/1-panda/my photo.png" if name == "cvlue" else "line 2"
    assert str(caught.value).startswith(f"{file}, {place}: picture 'my photo' has a name that is no plain word")


def test_pictures_are_not_copied_where_they_can_be_linked(miniature: Miniature, tmp_path: Path) -> None:
    source = miniature("xm3600")
    out = BENCHMARKS["xm3600"].prepare(source, tmp_path / "out", partial=True)
    files = list((source / "images").iterdir())
    assert files
    for file in files:
        assert (out / "images" / file.name).samefile(file)


def test_pictures_may_be_linked_into_the_folder(miniature: Miniature, tmp_path: Path) -> None:
    """As when those of MS-COCO lie elsewhere on the disk."""
    source = miniature("coco-cn")
    for name in ("train2014", "val2014"):
        (source / name).rename(tmp_path / name)
        (source / name).symlink_to(tmp_path / name)
    assert len(Dataset.load(BENCHMARKS["coco-cn"].prepare(source, tmp_path / "out", partial=True)).corpus) == 7


def test_two_pictures_of_one_name_are_not_merged(miniature: Miniature, tmp_path: Path) -> None:
    source = miniature("cvlue")
    records = json.loads((source / "IC" / "new_test.json").read_text())
    moved = source / "images" / "test" / "C" / Path(records[0]["image"]).name
    moved.parent.mkdir()
    shutil.copy(source / records[1]["image"], moved)
    records.append({**records[0], "image": str(moved.relative_to(source))})
    (source / "IC" / "new_test.json").write_text(json.dumps(records))
    place = rf"new_test\.json, picture {moved.relative_to(source)}: {moved}: "
    with pytest.raises(UserError, match=rf"{place}there is another picture with the id"):
        BENCHMARKS["cvlue"].prepare(source, tmp_path / "out", partial=True)


def test_two_pictures_of_one_name_with_other_endings_are_not_merged(miniature: Miniature, tmp_path: Path) -> None:
    """In two splits, which are taken one after the other."""
    source = miniature("cvlue")
    records = json.loads((source / "IC" / "new_test.json").read_text())
    moved = Path(records[0]["image"]).with_name("B-1-1.jpg")  # the training part has a B-1-1.png
    (source / records[0]["image"]).rename(source / moved)
    records[0]["image"] = moved.as_posix()
    (source / "IC" / "new_test.json").write_text(json.dumps(records))
    with pytest.raises(UserError, match=rf"picture {moved}: {source / moved}: there is another picture with the id"):
        BENCHMARKS["cvlue"].prepare(source, tmp_path / "out", partial=True)


def test_a_picture_that_comes_twice_is_named_with_both_places(miniature: Miniature, tmp_path: Path) -> None:
    for name, file in (("xm3600", "captions.jsonl"), ("coco-cn", "coco-cn_test.txt")):
        source = miniature(name)
        lines = (source / file).read_text().rstrip("\n").split("\n")
        (source / file).write_text("\n".join([*lines, lines[0]]))
        with pytest.raises(UserError) as caught:
            BENCHMARKS[name].prepare(source, tmp_path / "out", partial=True)
        assert str(caught.value).startswith(f"{source / file}, line {len(lines) + 1}: the picture ")
        assert f"is there already, from {source / file}, line 1" in str(caught.value)
