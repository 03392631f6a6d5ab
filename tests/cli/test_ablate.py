"""`grape ablate`, from the shell's side."""

import json
from pathlib import Path

import pytest


@pytest.fixture
def ablate(
    grape, cache, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tiny_model_folder: Path, tmp_path: Path
):
    """Run `grape ablate` on the tiny data set."""

    def run(*more: object):
        return grape(
            *("ablate", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--rewriter", tiny_model_folder),
            *("--out", tmp_path / "out", "--steps", 1, *more),
        )

    return run


def test_a_study_in_one_command(ablate, tmp_path: Path) -> None:
    small = "batch=8,group=4,max_tokens=6"
    done = ablate("--arm", small, "--seed", 0, "--queries", 6, "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["runs"] == 2
    assert found["queries"] == 6
    assert json.loads((tmp_path / "out" / "results.json").read_text()) == found
    assert f"| {small} |" in (tmp_path / "out" / "results.md").read_text()
    again = ablate("--arm", small, "--seed", 0, "--queries", 6)
    assert again.code == 0
    assert again.err.count("complete already") == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--arm", "grappe"], ["unknown arm 'grappe'", "grape"]),
        (["--arm", "reward=fame"], ["arm 'reward=fame'", "rank_log"]),
        (["--seed", 1, "--seed", 1], ["seed 1 is named twice"]),
        (["--arm", "pool-1024,batch=8"], ["'pool-1024' is no change"]),
        (["--set", "without"], ["--set without", "'without' is no change"]),
        (["--set", "without=2"], ["without=2", "1"]),
        (["--set", "also=[a:b:c]"], ["also is nothing that all arms share"]),
        (["--arm", "pool=41,batch=8,group=4"], ["pool=41", "40 items"]),
        (["--arm", "batch=800"], ["needs 100 queries", "48"]),
        (["--only", "grape/seed-7"], ["grape/seed-7", "grape/seed-0"]),
        (["--rewriter", "/nowhere", "--arm", "batch=8,group=4"], ["cannot load rewriter '/nowhere'"]),
        (["--split", "nowhere"], ["nowhere", "dev, test, train"]),
    ],
)
def test_mistakes_are_one_line_before_anything_runs(
    ablate, tmp_path: Path, options: list[object], words: list[str]
) -> None:
    found = ablate(*options)
    assert found.code == 2
    (line,) = found.error_lines
    assert all(word in line for word in words), line
    assert not (tmp_path / "out").exists()
