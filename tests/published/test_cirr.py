"""CIRR, from a miniature of its official files."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grape_rewrite.datasets import Dataset
from grape_rewrite.errors import UserError
from grape_rewrite.published import BENCHMARKS

Miniature = Callable[[str], Path]

Pair = dict[str, Any]


def test_a_pair_of_cirr_wants_the_target_and_never_the_reference(miniature: Miniature, tmp_path: Path) -> None:
    dataset = Dataset.load(BENCHMARKS["cirr"].prepare(miniature("cirr"), tmp_path / "out", partial=True))
    assert (len(dataset.train) + len(dataset.dev), len(dataset.test)) == (60, 9)
    assert len(dataset.dev) > 0
    assert len(dataset.train.searched) == len(dataset.dev.searched) == 60
    assert set(dataset.test.searched) == {f"dev-{number}-0-img{number % 2}" for number in range(9)}
    corpus = dataset.corpus.part(dataset.test.searched)
    for query, relevant, apart, few in zip(
        dataset.test,
        dataset.test.positives(corpus),
        dataset.test.excluded(corpus),
        dataset.test.among(corpus),
        strict=True,
    ):
        number = int(query.text.split()[-1])
        assert query.id == f"val.{100 + number}"
        assert relevant.tolist() == [(number - 1) % 9]
        assert apart.tolist() == [number]
        assert sorted(few.tolist()) == sorted((number - step) % 9 for step in range(1, 6))


def test_queries_whose_answers_a_server_keeps_are_apart(miniature: Miniature, tmp_path: Path) -> None:
    source = miniature("cirr")
    dataset = Dataset.load(BENCHMARKS["cirr"].prepare(source, tmp_path / "out", partial=True))
    assert dataset.splits == ["dev", "test", "train"]
    split = dataset.unjudged("test1")
    assert [query.id for query in split] == [f"test1.{100 + number}" for number in range(8)]
    assert [query.text for query in split][2:5] == ["the one before 2", "the same", "the one before 4"]
    assert len(split.searched) == 8
    assert all(len(query.among) == 6 and query.image for query in split)
    with pytest.raises(UserError, match=r"no queries without judgements named 'test2' .* there are test1"):
        dataset.unjudged("test2")
    (tmp_path / "out" / "outside.txt").write_text((tmp_path / "out" / "unjudged" / "test1.txt").read_text())
    with pytest.raises(UserError, match=r"no queries without judgements named '\.\./outside'"):
        dataset.unjudged("../outside")
    (tmp_path / "out" / "unjudged" / "test1.txt").write_text("test1.100\nnobody\n")
    with pytest.raises(UserError, match=r"test1\.txt, line 2: there is no query 'nobody'"):
        Dataset.load(tmp_path / "out").unjudged("test1")
    # Who has not got their pictures, or not even their captions, does without.
    shutil.move(source / "img_raw" / "test1", tmp_path / "aside")
    without = Dataset.load(BENCHMARKS["cirr"].prepare(source, tmp_path / "without", partial=True))
    with pytest.raises(UserError, match="there are none"):
        without.unjudged("test1")
    (source / "captions" / "cap.rc2.test1.json").unlink()
    alone = Dataset.load(BENCHMARKS["cirr"].prepare(source, tmp_path / "alone", partial=True))
    with pytest.raises(UserError, match="there are none"):
        alone.unjudged("test1")


def test_who_measures_alone_needs_no_file_of_train(
    miniature: Miniature, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source, out = miniature("cirr"), tmp_path / "out"
    whole = Dataset.load(BENCHMARKS["cirr"].prepare(source, tmp_path / "whole", partial=True))
    shutil.rmtree(source / "img_raw" / "train")
    (source / "captions" / "cap.rc2.train.json").unlink()
    with pytest.raises(UserError, match=r"has no captions/cap\.rc2\.train\.json"):
        BENCHMARKS["cirr"].prepare(source, out, partial=True)  # one of the two is a download that is not complete
    (source / "image_splits" / "split.rc2.train.json").unlink()
    with pytest.raises(UserError, match=r"has no image_splits/split\.rc2\.train\.json; .*--partial does without"):
        BENCHMARKS["cirr"].prepare(source, out)
    caplog.clear()
    part = Dataset.load(BENCHMARKS["cirr"].prepare(source, out, partial=True))
    [note] = [message for message in caplog.messages if "left out" in message]
    assert note == (
        f"cirr: {source} has neither captions/cap.rc2.train.json nor image_splits/split.rc2.train.json; "
        "train and dev are left out"
    )
    assert part.splits == ["test"]
    assert part.test.qrels == whole.test.qrels
    assert [query.id for query in part.unjudged("test1")] == [query.id for query in whole.unjudged("test1")]


def pair_4(pair: Pair, **changes: Any) -> Pair:
    """The pair with these changes, if it is the one of the id 104; its members are changed within `img_set`."""
    members = changes.pop("members", pair["img_set"]["members"])
    return {**pair, **changes, "img_set": {**pair["img_set"], "members": members}} if pair["pairid"] == 104 else pair


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            lambda pair: pair_4(pair, target_hard=pair["reference"]),
            "pair 104: reference and target are the same picture, 'dev-4-0-img0'",
        ),
        (
            lambda pair: pair_4(pair, members=[]),
            "pair 104: 'members' are []; 6 pictures are expected there, 'dev-4-0-img0' and 'dev-3-0-img1' among them",
        ),
        (
            lambda pair: pair_4(pair, members=["dev-4-0-img0", "dev-3-0-img1"] * 3),
            "6 pictures are expected there, 'dev-4-0-img0' and 'dev-3-0-img1' among them",
        ),
        (
            lambda pair: pair_4(pair, target_hard="dev-6-0-img0"),
            "6 pictures are expected there, 'dev-4-0-img0' and 'dev-6-0-img0' among them",
        ),
        (lambda pair: pair_4(pair, members=[[]]), "pair 104: 'members[0]' is []; a str is expected there"),
        (
            lambda pair: pair_4(pair, pairid=103),
            "cap.rc2.val.json, record 4, pair 103; ids must be unique",
        ),
        (lambda pair: pair_4(pair, caption=" "), "pair 104: 'caption' is empty"),
    ],
)
def test_a_wrong_pair_of_cirr_is_named(
    change: Callable[[Pair], Pair], problem: str, miniature: Miniature, tmp_path: Path
) -> None:
    source = miniature("cirr")
    file = source / "captions" / "cap.rc2.val.json"
    file.write_text(json.dumps([change(pair) for pair in json.loads(file.read_text())]))
    with pytest.raises(UserError) as caught:
        BENCHMARKS["cirr"].prepare(source, tmp_path / "out", partial=True)
    assert str(caught.value).startswith(f"{file}, record 5, pair 10")
    assert problem in str(caught.value)
    assert not (tmp_path / "out").exists()
