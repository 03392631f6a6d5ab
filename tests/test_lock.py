"""One process at a time holds a folder, and nothing of the lock stays."""

import subprocess
import sys
from pathlib import Path

import pytest

from grape_rewrite.errors import UserError
from grape_rewrite.lock import locked

COUNT = """
import sys
from pathlib import Path
from grape_rewrite.lock import locked
folder = Path(sys.argv[1])
for _ in range(1000):
    with locked(folder / "held"):
        count = folder / "count"
        count.write_text(str(int(count.read_text()) + 1))
"""


def test_a_folder_that_is_held_is_refused_to_others(tmp_path: Path) -> None:
    with (
        locked(tmp_path / "run"),
        pytest.raises(UserError, match=r"another process is at work on .*run"),
        locked(tmp_path / "run", wait=False),
    ):
        pass
    with locked(tmp_path / "run", wait=False):
        assert (tmp_path / "run").is_dir()


def test_nothing_stays_but_what_was_put_there(tmp_path: Path) -> None:
    with locked(tmp_path / "empty"):
        pass
    assert not (tmp_path / "empty").exists()
    with locked(tmp_path / "run"):
        (tmp_path / "run" / "mine").touch()
    assert [file.name for file in (tmp_path / "run").iterdir()] == ["mine"]


def test_a_file_in_its_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "run").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("run", "link"):
        with pytest.raises(UserError, match=rf"cannot write .*{name}: File exists"), locked(tmp_path / name):
            pass


def test_a_link_on_the_way_that_leads_nowhere_is_said(tmp_path: Path) -> None:
    (tmp_path / "runs").symlink_to(tmp_path / "nowhere")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for name in ("runs/a", "runs/a/b", "circle", "circle/a"):
        with pytest.raises(UserError, match=rf"cannot write .*{name}: "), locked(tmp_path / name):
            pass


def test_processes_that_wait_take_turns(tmp_path: Path) -> None:
    """The lock's file and folder are removed and made again each time; no count is lost for that."""
    (tmp_path / "count").write_text("0")
    counting = [subprocess.Popen([sys.executable, "-c", COUNT, str(tmp_path)]) for _ in range(3)]
    assert [process.wait(timeout=300) for process in counting] == [0, 0, 0]
    assert (tmp_path / "count").read_text() == "3000"
    assert not (tmp_path / "held").exists()
