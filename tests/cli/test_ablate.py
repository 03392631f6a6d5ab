"""`grape ablate`, from the shell's side."""

import json
from pathlib import Path

import pytest

REWARD = """
from pathlib import Path

CALLS = 0


def fails_once(rewrites, candidates):
    global CALLS
    CALLS += 1
    if CALLS == 2 and not Path("failed").exists():
        Path("failed").touch()
        raise RuntimeError("out of luck")
    return 1 / candidates.ranks
"""


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
    assert f"{small}/seed-0: step 1 of 1, dev MRR 0." in done.err
    found = json.loads(done.out)
    assert found["runs"] == 2
    assert found["queries"] == 6
    assert json.loads((tmp_path / "out" / "results.json").read_text()) == found
    assert f"| {small} |" in (tmp_path / "out" / "results.md").read_text()
    assert "compared on test" not in done.err  # of one arm nothing is chosen
    again = ablate("--arm", small, "--seed", 0, "--queries", 6)
    assert again.code == 0
    assert again.err.count("complete already") == 2


def test_unreadable_pictures_are_skipped_up_to_a_share(
    grape, cache, broken_picture_folder: Path, tiny_clip_folder: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    asked = (
        *(
            "ablate",
            broken_picture_folder,
            "--retriever",
            tiny_clip_folder,
            "--rewriter",
            tiny_model_folder,
            "--queries",
            4,
        ),
        *("--set", "batch=8,group=4,max_tokens=6", "--steps", 1, "--seed", 0, "--out", tmp_path / "out"),
    )
    refused = grape(*asked, "--only", "untrained/seed-0")
    assert refused.code == 2
    assert "broken.png" in refused.error_lines[-1]
    done = grape(*asked, "--max-unreadable", 0.1, "--only", "untrained/seed-0", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["runs"] == 1
    other = grape(*asked, "--max-unreadable", 0.2)
    assert other.code == 2
    assert "holds a study with max_unreadable=0.1, not 0.2" in other.error_lines[-1]


def test_a_study_of_which_a_run_fails_leaves_the_report_of_the_others(
    ablate, grape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rewards_of_a_study.py").write_text(REWARD)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    out = tmp_path / "out"
    settings = ("--set", "batch=8,group=4,max_tokens=6,dev_queries=8", "--steps", 2, "--queries", 6, "--seed", 0)
    asked = ("--arm", "mine:reward=rewards_of_a_study:fails_once", *settings)
    found = ablate(*asked)
    assert found.code == 2
    said = found.err.splitlines()[-1]
    assert said.startswith("error: run mine/seed-0 failed: reward rewards_of_a_study:fails_once: ")
    assert said.endswith("line 12: RuntimeError: out of luck; the same command goes on with the steps that are saved")
    results = json.loads((out / "results.json").read_text())
    assert (results["runs"], results["missing"]) == (1, ["mine/seed-0"])
    assert "not complete: mine/seed-0" in (out / "results.md").read_text()
    kept = {name: (out / name).read_bytes() for name in ("results.json", "results.md", "report.html")}
    for name in kept:
        (out / name).unlink()
    again = grape("ablate", "--report", "--out", out, "--json")
    assert again.code == 0, again.err
    assert json.loads(again.out) == results
    assert {name: (out / name).read_bytes() for name in kept} == kept
    assert not (out / "mine" / "seed-0" / "manifest.json").exists()
    assert ablate(*asked).code == 0
    assert json.loads((out / "results.json").read_text())["missing"] == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], ["holds no study"]),
        (["--arm", "grape"], ["--report", "leave --arm out"]),
        (["--seed", "0"], ["leave --seed out"]),
        (["--only", "grape/seed-0"], ["leave --only out"]),
        (["--set", "steps=3"], ["leave --set out"]),
        (["--queries", "8"], ["leave --queries out"]),
        (["scenes"], ["leave DATA out"]),
    ],
)
def test_no_report_of_what_is_not_there(grape, tmp_path: Path, options: list[str], words: list[str]) -> None:
    found = grape("ablate", "--report", "--out", tmp_path / "out", *options)
    assert found.code == 2
    (line,) = found.error_lines
    assert all(word in line for word in words), line
    assert not (tmp_path / "out").exists()


def test_a_reward_whose_module_leaves_the_program(ablate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "reward_that_leaves.py").write_text("import sys\n\nsys.exit()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = ablate("--arm", "mine:reward=reward_that_leaves:score")
    assert found.code == 2
    (line,) = found.error_lines
    assert "reward_that_leaves.py, line 3: SystemExit" in line


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--arm", "grappe"], ["unknown arm 'grappe'", "grape"]),
        (["--arm", "reward=fame"], ["arm 'reward=fame'", "rank_log"]),
        (["--seed", 1, "--seed", 1], ["seed 1 is named twice"]),
        (["--arm", "pool-1024,batch=8"], ["'pool-1024' is no change"]),
        (["--set", "without"], ["--set without", "'without' is no change"]),
        (["--set", "without=2"], ["without=2", "1"]),
        (["--set", "batch=8,group=4", "--set", "batch=16"], ["batch is named twice"]),
        (["--set", "steps=2"], ["steps is given twice, as an option and by --set"]),
        (["--set", "batch=30", "--arm", "batch=8,group=4"], ["batch 30 is no multiple of group 8"]),
        (["--set", "group=true"], ["group=True", "true and false are no values of it"]),
        (["--seed", 2**32], ["--seed", "4294967295"]),
        (["--set", "also=[a:b:c]"], ["also is nothing that all arms share"]),
        (["--arm", "pool=41,batch=8,group=4"], ["pool=41", "40 items"]),
        (["--arm", "batch=800"], ["needs 100 queries", "48"]),
        (["--only", "grape/seed-7"], ["grape/seed-7", "grape/seed-0"]),
        (["--rewriter", "/nowhere", "--arm", "batch=8,group=4"], ["cannot load rewriter '/nowhere'"]),
        (["--beyond", 1000], ["cannot leave out 1000 queries of split 'test'", "possible"]),
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
