"""What processes that train together agree on; see `tests/training/test_processes.py` for the training itself."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from grape_rewrite import Rewriter, UserError
from grape_rewrite.processes import any_process, best_device, is_first, one_at_a_time, process_count

AGREE = """
import sys
from pathlib import Path
import torch.distributed as dist
from grape_rewrite.processes import any_process
dist.init_process_group("gloo")
rank = dist.get_rank()
heard = [any_process(flag) for flag in (rank == 1, False, True)]
Path(sys.argv[1], str(rank)).write_text(str(heard))
dist.destroy_process_group()
"""
BUILD = """
import sys, time
from pathlib import Path
from grape_rewrite.processes import one_at_a_time
with one_at_a_time(Path(sys.argv[1])):
    start = time.monotonic()
    time.sleep(0.3)
    print(start, time.monotonic())
"""


def test_one_process_is_the_first_and_decides_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert is_first()
    assert process_count() == 1
    assert [any_process(flag) for flag in (True, False)] == [True, False]
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("WORLD_SIZE", "8")
    assert not is_first()
    assert process_count() == 8


def test_only_the_first_speaks() -> None:
    speak = "from grape_rewrite.cli.output import notes; notes.print('saved')"
    said = [
        subprocess.run(
            [sys.executable, "-c", speak], env={**os.environ, "RANK": rank}, capture_output=True, text=True, check=True
        ).stderr
        for rank in "01"
    ]
    assert said == ["saved\n", ""]


def test_what_one_of_several_says_all_hear(tmp_path: Path) -> None:
    script = tmp_path / "agree.py"
    script.write_text(AGREE)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(script)]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert [(tmp_path / rank).read_text() for rank in "01"] == ["[True, False, True]"] * 2


def test_processes_build_one_after_another(tmp_path: Path) -> None:
    script = tmp_path / "build.py"
    script.write_text(BUILD)
    command = [sys.executable, str(script), str(tmp_path / "cache")]
    running = [
        subprocess.Popen(command, env={**os.environ, "WORLD_SIZE": "3"}, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    spans = sorted(tuple(map(float, process.communicate(timeout=120)[0].split())) for process in running)
    assert [len(span) for span in spans] == [2, 2, 2]
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    with one_at_a_time(tmp_path / "alone"):
        assert not (tmp_path / "alone").exists()  # one process needs no lock


def test_a_device_that_is_not_there_gets_one_line(tiny_model_folder: Path) -> None:
    if best_device() != "cpu":
        pytest.skip("there is an accelerator")
    with pytest.raises(UserError, match="device 'cuda' cannot be used here: ") as caught:
        Rewriter.load(str(tiny_model_folder), device="cuda")
    assert "\n" not in str(caught.value)
