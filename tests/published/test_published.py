"""Every published benchmark, from a miniature of its official files."""

import dataclasses
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from grape_rewrite.datasets import Dataset
from grape_rewrite.errors import UserError
from grape_rewrite.published import BENCHMARKS
from grape_rewrite.published.benchmark import Counts
from grape_rewrite.published.xm3600 import LANGUAGES

Miniature = Callable[[str], Path]

# A picture in base64 that is none of the miniatures'.
COLOUR = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPhfDwACggF/yWU3jgAAAABJRU5ErkJggg=="
# What the miniatures hold: split -> pictures and queries.
SIZES = {
    "flickr30k": {"train": (3, 15), "dev": (2, 10), "test": (2, 10)},
    "flickr30k-cn": {"train": (3, 15), "dev": (2, 10), "test": (2, 10)},
    "coco-cn": {"train": (3, 3), "dev": (2, 2), "test": (2, 3)},
    "cvlue": {"train": (3, 15), "dev": (2, 10), "test": (2, 10)},
    "xm3600": {"test": (3, 3 * 36 * 2)},
}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_the_help_says_of_a_licence_that_it_is_one(name: str, grape) -> None:
    """What follows the size, in the brackets, is understood without a heading."""
    found = grape("data", name, "--help")
    assert found.code == 0
    [first] = re.findall(rf"{re.escape(BENCHMARKS[name].size)}; (.*?)[;)]", " ".join(found.out.split()))
    assert re.search(r"licence|MIT|CC BY|terms", first)


@pytest.mark.parametrize("name", SIZES)
def test_a_split_asks_for_its_own_pictures(name: str, miniature: Miniature, tmp_path: Path) -> None:
    out = BENCHMARKS[name].prepare(miniature(name), tmp_path / "out", partial=True)
    dataset = Dataset.load(out)
    assert dataset.splits == sorted(SIZES[name])
    for split, (items, queries) in SIZES[name].items():
        part = dataset.split(split)
        assert (len(part.searched), len(part)) == (items, queries)
        asked = Counter(id for judged in part.qrels.values() for id in judged)
        assert set(asked) == set(part.searched)
        for id in part.searched:
            assert dataset.corpus[dataset.corpus.position[id]].image.stat().st_size > 100


def test_captions_ask_for_the_picture_that_they_describe(miniature: Miniature, tmp_path: Path) -> None:
    """In the miniatures a caption holds its picture's number."""
    for name in ("flickr30k", "flickr30k-cn", "coco-cn", "cvlue"):
        dataset = Dataset.load(BENCHMARKS[name].prepare(miniature(name), tmp_path / name, partial=True))
        for split in dataset.splits:
            part = dataset.split(split)
            for query in part:
                (wanted,) = part.qrels[query.id]
                number = str(int(wanted.split("-")[-1].split("_")[-1].removeprefix("10000") or 0))
                assert number in query.text
                assert query.language == ("en" if name == "flickr30k" else "zh")
                assert "  " not in query.text


def test_every_language_of_xm3600_asks_for_every_picture(miniature: Miniature, tmp_path: Path) -> None:
    test = Dataset.load(BENCHMARKS["xm3600"].prepare(miniature("xm3600"), tmp_path / "out", partial=True)).test
    assert Counter(test.languages) == dict.fromkeys(LANGUAGES, 6)
    assert len(LANGUAGES) == len(set(LANGUAGES)) == 36


def test_sections_of_wikipedia_are_read_though_the_xml_is_broken(miniature: Miniature, tmp_path: Path) -> None:
    dataset = Dataset.load(BENCHMARKS["wikipedia"].prepare(miniature("wikipedia"), tmp_path / "out", partial=True))
    assert len(dataset.train) + len(dataset.dev) == 20
    assert 0 < len(dataset.dev) < 8
    assert not set(dataset.train.searched) & set(dataset.dev.searched)
    assert len(dataset.test) == 4
    for query in dataset.test:
        (wanted,) = dataset.test.qrels[query.id]
        assert query.text == f"The city & port {int(wanted[1:])} < has a river."


@pytest.mark.parametrize("name", BENCHMARKS)
def test_counts_are_compared_with_the_published_ones(name: str, miniature: Miniature, tmp_path: Path) -> None:
    source = miniature(name)
    with pytest.raises(UserError, match=r"are published; --partial accepts what is there") as caught:
        BENCHMARKS[name].prepare(source, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
    parted = {"cirr": (60, 9), "wikipedia": (20, 4)}
    sizes = SIZES.get(name) or {"train+dev": (parted[name][0],) * 2, "test": (parted[name][1],) * 2}
    sizes |= {"test1": (8, 8)} if name == "cirr" else {}
    small = dataclasses.replace(BENCHMARKS[name], counts={split: Counts(*size) for split, size in sizes.items()})
    assert len(Dataset.load(small.prepare(source, tmp_path / "out")).corpus) > 2


def test_what_it_is_made_from_is_known_by_the_contents_of_texts(miniature: Miniature, tmp_path: Path) -> None:
    source = miniature("xm3600")
    (source / "images" / "circle").symlink_to(source)

    def made() -> str:
        out = BENCHMARKS["xm3600"].prepare(source, tmp_path / "out", partial=True)
        return Dataset.load(out).test.queries[0].text + str((out / "dataset.json").stat().st_mtime_ns)

    before = made()
    (source / "README").write_text("of no use")
    assert made() == before
    captions = source / "captions.jsonl"
    captions.write_text(captions.read_text().replace("ar 0", "ar 9"))  # of the same size
    assert made().startswith("ar 9")


def test_it_is_made_anew_when_the_files_have_changed(miniature: Miniature, tmp_path: Path) -> None:
    benchmark, source, out = BENCHMARKS["flickr30k"], miniature("flickr30k"), tmp_path / "out"
    missing = next(source.rglob("*.jpg"))
    content = missing.read_bytes()
    missing.unlink()
    part = Dataset.load(benchmark.prepare(source, out, partial=True)).corpus.ids
    missing.write_bytes(content)
    whole = Dataset.load(benchmark.prepare(source, out, partial=True)).corpus.ids
    assert set(whole) - set(part) == {missing.stem}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_it_is_made_once_and_replaces_nothing(name: str, miniature: Miniature, tmp_path: Path) -> None:
    benchmark, source, out = BENCHMARKS[name], miniature(name), tmp_path / "out"
    benchmark.prepare(source, out, partial=True)
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*")}
    shutil.rmtree(source)
    assert benchmark.prepare(source, out, partial=True) == out
    assert {file: file.stat().st_mtime_ns for file in out.rglob("*")} == before
    assert benchmark.page in (out / "LICENSE.md").read_text()
    with pytest.raises(UserError, match="needs"):  # what is there stays until the whole set is there
        benchmark.prepare(source, out)
    assert {file: file.stat().st_mtime_ns for file in out.rglob("*")} == before
    other = next(other for other in BENCHMARKS.values() if other is not benchmark)
    with pytest.raises(UserError, match="name a new or empty folder"):
        other.prepare(source, out, partial=True)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_missing_file_is_named_with_where_to_get_it(name: str, miniature: Miniature, tmp_path: Path) -> None:
    source = miniature(name)
    needed = (file for file in source.rglob("*.*") if file.suffix not in {".jpg", ".png", ".xml"})
    for file in sorted(file for file in needed if file.name != "cap.rc2.test1.json"):
        aside = file.rename(tmp_path / "aside")
        with pytest.raises(UserError) as caught:
            BENCHMARKS[name].prepare(source, tmp_path / "out", partial=True)
        message = str(caught.value)
        assert "\n" not in message
        assert BENCHMARKS[name].page in message
        assert not (tmp_path / "out").exists()
        aside.rename(file)


@pytest.mark.parametrize(
    ("name", "file", "content", "parts"),
    [
        ("flickr30k", "dataset_flickr30k.json", "{", ["is no JSON"]),
        ("flickr30k", "dataset_flickr30k.json", '{"images": 3}', ["'images' is 3", "list"]),
        (
            "flickr30k",
            "dataset_flickr30k.json",
            '{"images": [{"filename": "a.jpg", "split": "restval", "sentences": []}]}',
            ["image 1: picture 'a.jpg' is in split 'restval'", "train, val, test"],
        ),
        (
            "flickr30k",
            "dataset_flickr30k.json",
            '{"images": [{"filename": "../../x.jpg", "split": "train", "sentences": []}]}',
            ["dataset_flickr30k.json, image 1: a file named", "x.jpg' would lie outside of"],
        ),
        ("flickr30k-cn", "valid_imgs.tsv", "4 abc\n", ["line 1", "a number, a tab"]),
        ("flickr30k-cn", "test_imgs.tsv", "6\tabcde\n", ["line 1", "picture 6 is no base64"]),
        ("flickr30k-cn", "test_texts.jsonl", '\n{"text_id": 1, "text": "x"}\n', ["line 2", "'image_ids' is None"]),
        ("flickr30k-cn", "test_texts.jsonl", '{"text_id": 1, "text": "x", "image_ids": []}', ["line 1", "hidden"]),
        ("coco-cn", "imageid.human-written-caption.txt", "COCO_1 x\n", ["line 1", "NAME#NUMBER"]),
        ("cvlue", "IC/new_val.json", '{"a": 1}', ["a list of records"]),
        ("cvlue", "IC/new_val.json", '[{"image": "a.png"}]', ["'caption' is None", "str or list"]),
        ("xm3600", "captions.jsonl", '{"image/key": "0000000000000000"}', ["line 1", "'ar' is None"]),
        ("xm3600", "captions.jsonl", b"\n\xff\xfe", ["captions.jsonl, line 2: byte 1 (0xff) is not UTF-8"]),
        ("cirr", "image_splits/split.rc2.val.json", "[]", ["an object"]),
        ("cirr", "image_splits/split.rc2.val.json", '{"a": 3}', ["'a' is 3", "str"]),
        (
            "cirr",
            "image_splits/split.rc2.val.json",
            '{"a": "../../../x.png"}',
            ["val.json, picture 'a': a file", "outside"],
        ),
        ("cirr", "image_splits/split.rc2.val.json", '{"a": "x\\u0000.png"}', ["outside"]),
        (
            "wikipedia",
            "testset_txt_img_cat.list",
            "../../x\tf0000000000000000000000000000020\t3\n",
            ["testset_txt_img_cat.list, line 1: a file", "outside", "texts/../../x.xml"],
        ),
        (
            "wikipedia",
            "testset_txt_img_cat.list",
            "a**b\tf0000000000000000000000000000020\t3\n",
            ["testset_txt_img_cat.list, line 1: ", "has no texts/a**b.xml"],
        ),
        ("flickr30k-cn", "test_imgs.tsv", f"1\t{COLOUR}\n7\t{COLOUR}\n", ["two pictures with the id '1'"]),
        (
            "flickr30k-cn",
            "test_texts.jsonl",
            '{"text_id": 1, "text": " ", "image_ids": [6]}',
            ["line 1", "'text' is empty"],
        ),
        ("flickr30k-cn", "test_texts.jsonl", '{"text_id": 1, "text": "\\ud800", "image_ids": [6]}', ["surrogate"]),
        ("cirr", "captions/cap.rc2.val.json", '{"a": 3}', ["a list of pairs"]),
        ("cirr", "captions/cap.rc2.val.json", '[{"pairid": "x"}]', ["'pairid' is 'x'", "int"]),
        (
            "cirr",
            "captions/cap.rc2.val.json",
            '[{"pairid": 1, "reference": "a", "target_hard": "b", "caption": "c", "img_set": {"members": []}}]',
            ["val.json, record 1, pair 1: picture 'a' is not in split.rc2.val.json"],
        ),
        ("flickr30k-cn", "test_imgs.tsv", "6\t!!!!\n", ["test_imgs.tsv, line 1: picture 6 is no base64"]),
        (
            "flickr30k-cn",
            "test_imgs.tsv",
            f"6\t{COLOUR}\n6\t{COLOUR}\n",
            ["line 2: the picture '6' is there already, from", "line 1; ids must be unique"],
        ),
        (
            "flickr30k-cn",
            "test_texts.jsonl",
            '{"text_id": 1, "text": "x", "image_ids": [6]}\n{"text_id": 1, "text": "y", "image_ids": [7]}',
            ["test_texts.jsonl, line 2: the query 'test.1' is there already, from", "line 1; ids must be unique"],
        ),
        (
            "cvlue",
            "IC/new_test.json",
            '[{"image": "images/test/B/1-panda/B-1-6.png", "caption": ["a", null]}]',
            ["new_test.json, picture images/test/B/1-panda/B-1-6.png: 'caption[1]' is None; a str is expected"],
        ),
        ("wikipedia", "testset_txt_img_cat.list", "a\tb\t11\n", ["line 1", "from 1 to 10"]),
        ("wikipedia", "texts/0b4ebd99673d910a6747df881d000dc1-3.5.xml", "<document></document>", ["<text>"]),
    ],
)
def test_a_wrong_file_gets_one_line(
    name: str, file: str, content: str | bytes, parts: list[str], miniature: Miniature, tmp_path: Path
) -> None:
    source = miniature(name)
    (source / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError) as caught:
        BENCHMARKS[name].prepare(source, tmp_path / "out", partial=True)
    message = str(caught.value)
    assert "\n" not in message
    for part in (source.name, *parts):
        assert part in message
    assert not (tmp_path / "out").exists()


def test_a_file_in_place_of_the_folder_is_said_to_be_one(miniature: Miniature, tmp_path: Path, grape) -> None:
    file = miniature("xm3600") / "captions.jsonl"
    for arguments in (("xm3600", "--source", file), ("hub", file)):
        refused = grape("data", *arguments, "--out", tmp_path / "out")
        assert refused.code == 2
        [line] = refused.error_lines
        assert f"{file} is a file, no folder" in line


def test_the_description_says_what_was_taken(miniature: Miniature, tmp_path: Path) -> None:
    out = BENCHMARKS["coco-cn"].prepare(miniature("coco-cn"), tmp_path / "out", partial=True)
    found = json.loads((out / "dataset.json").read_text())
    assert found["items"] == {"train": 3, "dev": 2, "test": 2}
    assert found["queries"] == {"train": 3, "dev": 2, "test": 3}


def test_a_caption_that_is_none_is_no_query(miniature: Miniature, tmp_path: Path) -> None:
    source = miniature("xm3600")
    records = [json.loads(line) for line in (source / "captions.jsonl").read_text().splitlines()]
    records[1]["de"]["caption"][0] = None
    (source / "captions.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    with pytest.raises(
        UserError, match=r"captions\.jsonl, line 2, de: 'caption\[0\]' is None; a str is expected there"
    ):
        BENCHMARKS["xm3600"].prepare(source, tmp_path / "out", partial=True)


def test_a_picture_of_two_splits_asks_in_one(miniature: Miniature, tmp_path: Path) -> None:
    source = miniature("coco-cn")
    twice = (source / "coco-cn_train.txt").read_text().splitlines()[0]
    (source / "coco-cn_test.txt").write_text(twice)
    with pytest.raises(UserError, match=rf"coco-cn: query '{twice}\.zh\.0' is in split train and in split test"):
        BENCHMARKS["coco-cn"].prepare(source, tmp_path / "out", partial=True)


@pytest.mark.parametrize("name", ["flickr30k", "flickr30k-cn", "cvlue"])
def test_captions_are_counted_for_each_picture(name: str, miniature: Miniature, tmp_path: Path) -> None:
    """One picture has a caption of another: as many in all."""
    source = miniature(name)
    if name == "flickr30k-cn":
        file = source / "test_texts.jsonl"
        file.write_text(file.read_text().replace("[6]", "[7]", 1))
    else:
        file = source / ("dataset_flickr30k.json" if name == "flickr30k" else "IC/new_test.json")
        found = json.loads(file.read_text())
        one, other = (
            [image["sentences"] for image in found["images"][-2:]]
            if name == "flickr30k"
            else [record["caption"] for record in found]
        )
        other.append(one.pop())
        file.write_text(json.dumps(found))
    counts = {split: Counts(*size) for split, size in SIZES[name].items()}
    small = dataclasses.replace(BENCHMARKS[name], counts=counts)
    with pytest.raises(UserError, match=r"split test: picture '.*[56]' has 4 captions, 5 a picture are published"):
        small.prepare(source, tmp_path / "out")
    assert len(Dataset.load(small.prepare(source, tmp_path / "out", partial=True)).test) == 10


def test_what_a_part_lacks_is_said(miniature: Miniature, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = miniature("coco-cn")
    small = dataclasses.replace(
        BENCHMARKS["coco-cn"], counts={split: Counts(*size) for split, size in SIZES["coco-cn"].items()}
    )
    small.prepare(source, tmp_path / "whole", partial=True)
    assert not caplog.messages
    for name in (source / "coco-cn_val.txt").read_text().splitlines():
        next(source.rglob(f"{name}.jpg")).unlink()
    next(source.rglob("*7.jpg")).unlink()
    left = Dataset.load(small.prepare(source, tmp_path / "out", partial=True))
    assert left.splits == ["test", "train"]
    assert caplog.messages == [
        "coco-cn, split dev is left out: it has no query with its text and its picture",
        "coco-cn, split dev: 0 items and 0 queries were found, 2 and 2 are published",
        "coco-cn, split test: 1 items and 2 queries were found, 2 and 3 are published",
    ]


def test_the_test_split_is_never_left_out(miniature: Miniature, tmp_path: Path, grape) -> None:
    for name in ("cirr", "coco-cn"):
        source = miniature(name)
        for file in (source / "img_raw" / "dev" if name == "cirr" else source / "train2014").iterdir():
            file.unlink()
        if name == "coco-cn":
            (source / "coco-cn_test.txt").write_text("")
        refused = grape("data", name, "--source", source, "--out", tmp_path / "out", "--partial")
        assert refused.code == 2
        [line] = refused.error_lines
        assert f"{source}: the test split of {name} has no query with its text and its picture" in line
        assert not (tmp_path / "out").exists()


def test_another_name_of_a_file_is_taken_where_it_is_the_only_one(miniature: Miniature, tmp_path: Path) -> None:
    source = miniature("cvlue")
    official = source / "IC" / "new_test.json"
    other = official.rename(source / "IC" / "IC_test_gold.json")
    BENCHMARKS["cvlue"].prepare(source, tmp_path / "one", partial=True)
    shutil.copy(source / "IC" / "new_val.json", source / "IC" / "a_test_hidden.json")
    with pytest.raises(UserError) as caught:
        BENCHMARKS["cvlue"].prepare(source, tmp_path / "two", partial=True)
    assert "IC/IC_test_gold.json, IC/a_test_hidden.json could each be IC/new_test.json of cvlue" in str(caught.value)
    other.rename(official)  # the official name is the official file
    BENCHMARKS["cvlue"].prepare(source, tmp_path / "two", partial=True)
    official.unlink()
    (source / "IC" / "a_test_hidden.json").unlink()
    with pytest.raises(UserError, match=r"has no IC/new_test\.json; cvlue needs"):
        BENCHMARKS["cvlue"].prepare(source, tmp_path / "none", partial=True)
