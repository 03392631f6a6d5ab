"""Folders that appear whole or not at all."""

import errno
from pathlib import Path

import pytest

from grape_rewrite.cache import cache_folder, whole_folder
from grape_rewrite.errors import UserError


def fill(folder: Path, text: str = "") -> None:
    with whole_folder(folder) as draft:
        (draft / "file").write_text(text)


def test_the_cache_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRAPE_CACHE", str(tmp_path / "here"))
    assert cache_folder() == tmp_path / "here"
    monkeypatch.delenv("GRAPE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "grape"


def test_a_variable_that_is_empty_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRAPE_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "grape"


def test_a_folder_appears_when_the_block_has_ended(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "target"
    with whole_folder(target) as draft:
        (draft / "file").write_text("new")
        assert not target.exists()
    assert (target / "file").read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["target"]


def test_a_link_to_a_folder_stays_and_leads_to_what_was_built(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with whole_folder(tmp_path / "link") as draft:
        (draft / "file").write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "file").read_text() == "new"
    assert {path.name for path in tmp_path.iterdir()} == {"real", "link"}


def test_the_working_directory_is_never_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for place in (Path("."), tmp_path):
        with pytest.raises(UserError, match="is the working directory"), whole_folder(place):
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_crash_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / "file").write_text("old")

    def crash() -> None:
        with whole_folder(target) as draft:
            (draft / "file").write_text("new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        crash()
    assert (target / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_a_crash_leaves_no_empty_folders(tmp_path: Path) -> None:
    def crash() -> None:
        with whole_folder(tmp_path / "deep" / "deeper" / "target"):
            raise RuntimeError

    (tmp_path / "deep").mkdir()
    with pytest.raises(RuntimeError):
        crash()
    assert [path.name for path in tmp_path.rglob("*")] == ["deep"]


def test_a_place_that_cannot_be_written_is_a_users_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write .*target: Not a directory$"):
        fill(tmp_path / "file" / "target")
    monkeypatch.setenv("GRAPE_CACHE", str(tmp_path / "file"))
    with pytest.raises(UserError, match="Not a directory; free some space or set GRAPE_CACHE"):
        fill(tmp_path / "file" / "target")


def test_what_cannot_be_replaced_stays_whole_and_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    target = tmp_path / "target"
    fill(target, "old")
    rename = Path.rename

    def refuse(source: Path, place: Path) -> Path:
        if source.suffix == ".part":
            raise OSError(errno.EIO, "Input/output error")
        return rename(source, place)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(UserError, match=f"cannot write {target}: Input/output error"):
        fill(target, "new")
    monkeypatch.setattr(Path, "rename", rename)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["target", "target/file"]
    assert (target / "file").read_text() == "old"
    fill(target, "new")
    assert (target / "file").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_the_quicker_of_two_builders_has_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    target, rename = tmp_path / "target", Path.rename

    def late(source: Path, place: Path) -> Path:
        monkeypatch.setattr(Path, "rename", rename)
        fill(target, "first")
        return rename(source, place)

    monkeypatch.setattr(Path, "rename", late)
    fill(target, "second")
    assert (target / "file").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_two_builders_of_the_same_folder_do_not_collide(tmp_path: Path) -> None:
    target = tmp_path / "target"
    for before in ("nothing", "an older one"):  # the second time, what the first has left
        with whole_folder(target) as first:
            fill(target, f"instead of {before}")
            in_use = target.stat().st_ino
            (first / "file").write_text("too late")
        assert target.stat().st_ino == in_use
        assert (target / "file").read_text() == f"instead of {before}"
        assert [path.name for path in tmp_path.iterdir()] == ["target"]
