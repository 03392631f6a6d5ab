"""A small valid data set to break in every way, and the embedded one, built once into a cache of its own."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from grape_rewrite.datasets import Dataset
from grape_rewrite.datasets.emoji import build_emoji


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A valid data set: two items (one text, one picture), three queries, splits train and test."""
    root = tmp_path / "set"
    (root / "images").mkdir(parents=True)
    (root / "qrels").mkdir()
    Image.new("RGB", (8, 8), "red").save(root / "images" / "d2.png")
    write_lines(root / "corpus.jsonl", {"_id": "d1", "text": "a red apple"}, {"_id": "d2", "image": "images/d2.png"})
    write_lines(
        root / "queries.jsonl",
        {"_id": "q1", "text": "ein roter Apfel", "language": "de", "english": "a red apple"},
        {"_id": "q2", "text": "une pomme rouge", "language": "fr"},
        {"_id": "q3", "text": "apple"},
    )
    (root / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\nq2\td1\t1\n")
    (root / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq3\td2\t2\nq1\td1\t1\nq1\td2\t0\n")
    return root


def write_lines(file: Path, *records: object) -> None:
    file.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")


@pytest.fixture
def targets() -> Callable[[Dataset, str], set[str]]:
    """Returns the items that the queries of a split ask for."""
    return lambda dataset, name: {item for judged in dataset.split(name).qrels.values() for item in judged}


@pytest.fixture(scope="session")
def emoji_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of its own with the whole embedded data set."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPE_CACHE", str(cache))
        build_emoji(progress=False)
    return cache


@pytest.fixture
def emoji_folder(emoji_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRAPE_CACHE", str(emoji_cache))
    return build_emoji(progress=False)


@pytest.fixture
def edit(folder: Path) -> Callable[[str, str], Path]:
    """Replace the content of one file of the data set."""

    def replace(name: str, content: str) -> Path:
        (folder / name).write_bytes(content.encode("utf-8", "surrogateescape"))
        return folder

    return replace
