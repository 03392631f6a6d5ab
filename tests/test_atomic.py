"""A file is the old one or the new one, never half of it."""

import resource
import subprocess
import sys

import pytest

from grape_rewrite.atomic import together, write_text
from grape_rewrite.errors import UserError


def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "evaluation.json"
    write_text(path, "old")
    script = "import pathlib, sys; from grape_rewrite.atomic import write_text; "
    script += "from grape_rewrite.errors import UserError\n"
    script += "try: write_text(pathlib.Path(sys.argv[1]), 'new' * 1000)\nexcept UserError as error: print(error)"

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    result = subprocess.run(
        [sys.executable, "-B", "-c", script, str(path)], preexec_fn=limit, capture_output=True, text=True, check=True
    )
    assert result.stdout == f"cannot write {path}: File too large\n"
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_line_ends_and_lone_surrogates(tmp_path):
    write_text(tmp_path / "new" / "a.txt", "a\r\nb\n\ud800")
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"a\r\nb\n\\ud800"


def test_the_new_file_takes_the_place_of_the_old_one(tmp_path):
    path, link = tmp_path / "report.html", tmp_path / "link"
    write_text(path, "old")
    link.hardlink_to(path)
    write_text(path, "new")
    # Written over in place, the other name would show the new content, and half of it after a crash.
    assert (path.read_text(), link.read_text()) == ("new", "old")


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(UserError, match=r"cannot write .*raw\.trec: "):
        write_text(tmp_path / "runs" / "raw.trec", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_of_files_that_belong_together_none_is_new_before_all_are(tmp_path):
    for name in ("a", "b"):
        write_text(tmp_path / name, "old")
    (tmp_path / "full").write_text("a file")

    def write_all(*names):
        with together() as write:
            for name in names:
                write(tmp_path / name, "new")

    with pytest.raises(UserError, match=r"cannot write .*full/c: "):
        write_all("a", "b", "full/c")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"a": "old", "b": "old", "full": "a file"}
    with together() as write:
        write(tmp_path / "a", "new")
        assert (tmp_path / "a").read_text() == "old"
        write(tmp_path / "b", "new")
    assert [(tmp_path / name).read_text() for name in ("a", "b")] == ["new", "new"]
    assert len(list(tmp_path.iterdir())) == 3


def test_of_files_that_belong_together_those_before_a_place_that_refuses_are_new(tmp_path):
    for name in ("a", "c"):
        write_text(tmp_path / name, "old")
    (tmp_path / "b").mkdir()

    def write_all():
        with together() as write:
            for name in ("a", "b", "c"):
                write(tmp_path / name, "new")

    with pytest.raises(UserError, match=r"cannot write .*b: Is a directory"):
        write_all()
    assert [(tmp_path / name).read_text() for name in ("a", "c")] == ["new", "old"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]
