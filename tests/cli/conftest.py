"""What the tests of several commands start from."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def broken_picture_folder(tiny_dataset_folder: Path, tmp_path: Path) -> Path:
    """The tiny data set with one item more, whose picture is none."""
    folder = shutil.copytree(tiny_dataset_folder, tmp_path / "pictures")
    (folder / "broken.png").write_bytes(b"no picture")
    with (folder / "corpus.jsonl").open("a") as file:
        file.write('{"_id": "broken", "image": "broken.png"}\n')
    return folder


@pytest.fixture
def adapter(grape, cache, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tiny_model_folder: Path, tmp_path):
    """A rewriter trained for two steps."""
    out = tmp_path / "run"
    found = grape(
        *("train", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--rewriter", tiny_model_folder),
        *("--out", out, "--steps", 2, "--batch", 8, "--group", 4, "--max-tokens", 8),
    )
    assert found.code == 0, found.err
    return out
