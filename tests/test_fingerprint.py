"""The hash of a package's source: whatever changes in it shows, and nothing else does."""

from pathlib import Path

from grape_rewrite.fingerprint import source_hash


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def test_content_and_names_of_the_source_count(tmp_path: Path) -> None:
    files = {"a.py": "x = 1", "b/c.py": "y = 2"}
    first = source_hash(write(tmp_path / "first", files))
    for place, others in enumerate(
        [
            {**files, "a.py": "x = 2"},
            {**files, "d.py": ""},
            {"a.py": "x = 1", "b/d.py": "y = 2"},
            {"a.py": "x = 1y", "b/c.py": " = 2"},
        ]
    ):
        assert source_hash(write(tmp_path / str(place), others)) != first


def test_neither_where_it_lies_nor_what_is_no_source_counts(tmp_path: Path) -> None:
    files = {"a.py": "x = 1", "b/c.py": "y = 2"}
    found = [
        source_hash(write(tmp_path / "first", files)),
        source_hash(write(tmp_path / "second", dict(reversed(files.items())))),
        source_hash(write(tmp_path / "third", {**files, "b/__pycache__/c.pyc": "z", "page.html": "<p>"})),
    ]
    assert found == [found[0]] * 3
    assert len(found[0]) == 64
