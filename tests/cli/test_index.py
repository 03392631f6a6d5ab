"""`grape index` end to end, on tiny retrievers."""

from pathlib import Path

import pytest

from grape_rewrite.errors import UserError
from grape_rewrite.training import read_task


def test_index_counts_what_it_embedded(grape, cache, tiny_dataset_folder: Path, tiny_retriever_folder: Path) -> None:
    found = grape("index", tiny_dataset_folder, "--retriever", tiny_retriever_folder)
    assert found.code == 0
    assert "40 items" in found.out


def test_unreadable_images_are_counted_and_refused_beyond_a_share(
    grape, cache: Path, broken_picture_folder: Path, tiny_clip_folder: Path
) -> None:
    folder = broken_picture_folder
    refused = grape("index", folder, "--retriever", tiny_clip_folder)
    assert refused.code == 2
    assert len(refused.err.splitlines()) == 1
    assert "broken.png" in refused.err
    task = f"{folder}:{tiny_clip_folder}"
    with pytest.raises(UserError, match=r"broken\.png"):
        read_task(task)
    assert len(read_task(task, max_unreadable=0.1).index) == 41
    allowed = grape("index", folder, "--retriever", tiny_clip_folder, "--max-unreadable", 0.1)
    assert allowed.code == 0
    assert "unreadable images: 1" in allowed.out
    assert Path(allowed.out.rsplit("cache: ")[1].strip()).is_dir()
