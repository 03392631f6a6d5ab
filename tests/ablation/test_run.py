"""Doing a study's runs: each once, and on from where it was stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from grape_rewrite.ablation import Study, prepare, run_study
from grape_rewrite.ablation.manifest import processor, read_manifest, versions
from grape_rewrite.ablation.methods import DRAWN
from grape_rewrite.ablation.run import INTERRUPTED, _reason, _start
from grape_rewrite.ablation.study import Job
from grape_rewrite.errors import UserError
from grape_rewrite.lock import locked
from grape_rewrite.rewriting.prompt import PROMPTS
from grape_rewrite.training.config import TrainingConfig
from grape_rewrite.training.run_folder import RunFolder


def test_every_run_leaves_a_manifest(finished: tuple[Study, Path], environment: dict[str, str]) -> None:
    study, out = finished
    jobs = list(study.jobs())
    assert jobs == [
        Job("untrained", 0), Job("grape", 0), Job("grpo-similarity", 0),
        Job("untrained", 1), Job("grape", 1), Job("grpo-similarity", 1),
    ]  # fmt: skip
    for job in jobs:
        manifest = read_manifest(job.folder(out))
        assert manifest is not None
        assert (manifest.arm, manifest.seed, manifest.split, manifest.queries) == (*job, "test", 16)
        assert set(manifest.fingerprints) == {"retriever", "corpus", "queries", "data", "rewriter"}
        assert 0.1 < manifest.peak_gb < 64  # a build for accelerators holds more
        assert (manifest.data, manifest.retriever, manifest.rewriter) == (study.data, study.retriever, study.rewriter)
        assert manifest.prompt == PROMPTS["multilingual"]
        assert manifest.evaluation_seconds > 0
        assert manifest.hardware["threads"] == int(environment["OMP_NUM_THREADS"])
        assert manifest.hardware["precision"] in {"float32", "bfloat16"}
        assert (manifest.hardware["processor"], manifest.versions) == (processor(), versions())
        if job.arm == "untrained":
            assert manifest.training is manifest.training_seconds is None
            if job.seed == 0:
                assert manifest.selected_instruction.startswith(PROMPTS["multilingual"].instruction)
                assert "{query}" in manifest.zero_shot_template
            else:  # nothing is chosen anew
                assert manifest.selected_instruction is manifest.zero_shot_template is None
                assert set(manifest.figures) == set(DRAWN)
            assert manifest.trained_parameters == 0
        else:
            assert manifest.selected_instruction is None
            assert manifest.training["seed"] == job.seed
            assert manifest.training["steps"] == 2
            assert manifest.training["reward"] == ("similarity" if "similarity" in job.arm else "rank_log")
            assert manifest.training_seconds > 0
            # Rank 16 on all linear layers of the tiny model: 16 (in + out) for each.
            assert manifest.trained_parameters == 16 * 3 * (
                (32 + 32) + 2 * (32 + 16) + (32 + 32) + 2 * (32 + 48) + (48 + 32)
            )


def test_what_is_complete_is_not_done_again(finished: tuple[Study, Path]) -> None:
    study, out = finished
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    told = []
    run_study(study, out, watch=lambda job, what: told.append(what))
    assert told == ["complete already"] * 6
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()} == before


@pytest.fixture
def interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets the processes of a study be a shell script."""

    def make(script: str) -> None:
        file = tmp_path / "interpreter"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(file))

    return make


def test_a_preparation_that_was_killed_is_not_blamed_on_a_warning(study_of, interpreter, tmp_path: Path) -> None:
    interpreter("echo warning: some texts are long >&2; kill -9 $$")
    with pytest.raises(UserError, match=r"^what the runs need was not loaded: signal 9 ended it"):
        prepare(study_of(["grape"], [0]), tmp_path / "out")
    interpreter("exit 3")
    with pytest.raises(UserError, match=r"^it left no message$"):
        prepare(study_of(["grape"], [0]), tmp_path / "out")


def test_a_study_that_is_told_to_end_takes_its_preparation_with_it(study_of, interpreter, tmp_path: Path) -> None:
    # Its input ends when the study waits for it.
    interpreter(f"cat > /dev/null; echo $$ > {tmp_path}/pid; kill -TERM $PPID; exec sleep 600")
    with pytest.raises(KeyboardInterrupt):
        prepare(study_of(["grape"], [0]), tmp_path / "out")
    deadline = time.monotonic() + 60
    while not _has_ended(int((tmp_path / "pid").read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _has_ended(process: int) -> bool:
    """Whether a process is at work no more; it may not have been waited for."""
    try:
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def ending(study_of, own_cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Study]:
    """Makes a study of one run whose reward does something at step 3 of 5, the first time it comes there."""
    here = str(Path(__file__).parent)
    monkeypatch.syspath_prepend(here)  # for the config's check
    monkeypatch.setenv("PYTHONPATH", here, prepend=os.pathsep)  # for the runs
    monkeypatch.setenv("ENDING_REWARDS_ONCE", str(tmp_path / "happened"))
    training = {**study_of(["grape"], [0]).training, "steps": 5}

    def make(reward: str) -> Study:
        settings = {**training, "reward": f"ending_rewards:{reward}"}
        return study_of(["grape"], [0], training=settings).begin(tmp_path)

    return make


def test_a_run_that_was_killed_goes_on(ending, tmp_path: Path) -> None:
    study, run = ending("killed"), tmp_path / "grape" / "seed-0"
    followed: list[tuple[str, int]] = []
    with pytest.raises(UserError, match=r"run grape/seed-0 failed: signal 9 ended it"):
        run_study(
            study, tmp_path, only="grape/seed-0", follow=lambda job, row: followed.append((job.name, row["step"]))
        )
    assert (tmp_path / "happened").exists()
    assert read_manifest(run) is None
    assert _steps(run) == [0, 1, 2]
    assert followed == [("grape/seed-0", step) for step in (0, 1, 2)]
    run_study(study, tmp_path, only="grape/seed-0")
    assert _steps(run) == [0, 1, 2, 3, 4, 5]
    assert read_manifest(run) is not None


def test_runs_outlive_a_study_that_was_killed(ending, tmp_path: Path) -> None:
    study, run = ending("orphaned"), tmp_path / "grape" / "seed-0"
    program = (
        "import sys; from pathlib import Path; from grape_rewrite.ablation import read_study, run_study; "
        "out = Path(sys.argv[1]); run_study(read_study(out), out, only='grape/seed-0')"
    )
    parent = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert parent.returncode == -signal.SIGKILL
    with locked(run):  # the run lets go of its folder when it ends
        assert _steps(run) == [0, 1, 2, 3, 4, 5]
    told = []
    run_study(study, tmp_path, only="grape/seed-0", watch=lambda job, what: told.append(what))
    assert told == ["complete already"]


@pytest.mark.parametrize("how", ["interrupted", "terminated"])
def test_ctrl_c_and_sigterm_let_the_runs_save(ending, tmp_path: Path, how: str) -> None:
    study, run = ending(how), tmp_path / "grape" / "seed-0"
    with pytest.raises(KeyboardInterrupt):
        run_study(study, tmp_path, only="grape/seed-0")
    assert _steps(run) == [0, 1, 2, 3]
    assert (run / "checkpoints" / "checkpoint-3").is_dir()
    assert read_manifest(run) is None
    followed: list[int] = []
    run_study(study, tmp_path, only="grape/seed-0", follow=lambda _, row: followed.append(row["step"]))
    assert _steps(run) == [0, 1, 2, 3, 4, 5]
    assert followed == [4, 5]  # those before are no news


def test_a_run_listens_to_its_study_when_that_ignores_ctrl_c(study_of, own_cache, tmp_path: Path) -> None:
    training = {**study_of(["grape"], [0]).training, "steps": 100_000}
    study = study_of(["grape"], [0], training=training).begin(tmp_path)
    (job,) = (job for job in study.jobs() if job.arm == "grape")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does for what it starts in its background
    try:
        process = _start(job, tmp_path, parallel=1)
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        deadline = time.monotonic() + 300
        while not (job.folder(tmp_path) / "history.jsonl").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=300) == INTERRUPTED
        assert _reason(process, job.folder(tmp_path)).startswith("it was interrupted; the same command goes on")
    finally:
        process.kill()


def test_two_processes_do_not_work_on_one_run(study_of, own_cache, tmp_path: Path) -> None:
    study = study_of(["grape"], [0]).begin(tmp_path)
    with (
        locked(tmp_path / "grape" / "seed-0"),
        pytest.raises(UserError, match=r"run grape/seed-0 failed: another process is at work on .*seed-0"),
    ):
        run_study(study, tmp_path, only="grape/seed-0")


def _steps(run: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (run / "history.jsonl").read_text().splitlines()]


def test_a_run_that_fails_says_why(study_of, own_cache, tmp_path: Path) -> None:
    study = study_of(["grape"], [0], rewriter=str(tmp_path / "nowhere")).begin(tmp_path)
    with pytest.raises(UserError, match=r"run untrained/seed-0 failed: cannot load rewriter .*nowhere"):
        run_study(study, tmp_path)


@pytest.mark.parametrize("made", ["grape", "grape/seed-0/log.txt"])
def test_something_else_where_a_run_goes(study_of, own_cache, tmp_path: Path, made: str) -> None:
    study = study_of(["grape"], [0]).begin(tmp_path)
    if made.endswith("log.txt"):
        (tmp_path / made).mkdir(parents=True)
    else:
        (tmp_path / made).touch()
    with pytest.raises(UserError, match=r"cannot write .*(seed-0: Not a directory|log\.txt: Is a directory)"):
        run_study(study, tmp_path, only="grape/seed-0")


def test_a_run_that_was_begun_otherwise_does_not_go_on(study_of, own_cache, tmp_path: Path) -> None:
    study = study_of(["grape"], [0]).begin(tmp_path)
    run = RunFolder(Job("grape", 0).folder(tmp_path))
    run.begin(TrainingConfig(steps=9))
    (run.checkpoints / "checkpoint-5").mkdir()
    (run.checkpoints / "checkpoint-5" / "trainer_state.json").write_text("{}")
    with pytest.raises(UserError, match="was begun with steps=9, not 2; go on with the same values"):
        run_study(study, tmp_path, only="grape/seed-0")
