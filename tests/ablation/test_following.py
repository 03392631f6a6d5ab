"""What is read of a history while its run is at work."""

import json
import os
from pathlib import Path

from grape_rewrite.ablation.following import Following


def _write(file: Path, steps: range, at: int) -> None:
    file.write_text("".join(json.dumps({"step": step, "seconds": 1.0}) + "\n" for step in steps))
    os.utime(file, ns=(at, at))  # the clock of a file system may be too coarse for two writes in a test


def _news(following: Following) -> list[int]:
    return [row["step"] for row in following.news()]


def test_each_row_is_news_once(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    following = Following(file)
    assert _news(following) == []
    _write(file, range(1), at=1)
    assert _news(following) == [0]
    assert _news(following) == []
    _write(file, range(4), at=2)
    assert _news(following) == [1, 2, 3]


def test_rows_that_were_there_before_are_old(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    _write(file, range(5), at=1)
    following = Following(file)
    assert _news(following) == []
    _write(file, range(6), at=2)
    assert _news(following) == [5]


def test_of_a_history_that_was_cut_or_begun_anew_the_last_row_is_news(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    _write(file, range(5), at=1)
    following = Following(file)
    _write(file, range(4), at=2)  # it goes on from a checkpoint at step 2
    assert _news(following) == [3]
    _write(file, range(5), at=3)
    assert _news(following) == [4]
    file.unlink()
    assert _news(following) == []
    _write(file, range(1), at=4)
    assert _news(following) == [0]


def test_a_damaged_history_is_left_to_its_run(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    following = Following(file)
    file.write_text('{"step": 0, "sec')
    assert _news(following) == []
