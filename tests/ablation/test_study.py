"""A study: it does each run once, goes on where it was stopped, and refuses what cannot be compared."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
import yaml

from grape_rewrite.ablation import Study, prepare, read_study, run_study
from grape_rewrite.ablation.manifest import MANIFEST, processor, read_manifest, versions
from grape_rewrite.ablation.methods import DRAWN
from grape_rewrite.ablation.outcomes import read_outcomes
from grape_rewrite.ablation.run import INTERRUPTED, _reason, _start
from grape_rewrite.ablation.study import Job
from grape_rewrite.datasets import Dataset
from grape_rewrite.errors import UserError
from grape_rewrite.lock import locked
from grape_rewrite.rewriting.adapter import read_adapter
from grape_rewrite.rewriting.precision import best_precision
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
            else:  # nothing is chosen anew
                assert manifest.selected_instruction is None
                assert set(manifest.figures) == set(DRAWN)
            assert "{query}" in manifest.zero_shot_template
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


def test_more_arms_and_seeds_join_a_study(finished: tuple[Study, Path], study_of, tmp_path: Path) -> None:
    first = study_of(["grape"], [0]).begin(tmp_path)
    whole = study_of(["sft"], [3, 0]).begin(tmp_path)
    assert whole == read_study(tmp_path)
    assert (list(whole.arms), whole.seeds) == (["grape", "sft"], [0, 3])
    assert [job.name for job in whole.jobs()] == ["untrained/seed-0", "grape/seed-0", "sft/seed-0", "sft/seed-3"]
    assert set(first.jobs()) < set(whole.jobs())
    later = study_of(["grape"], [3], draws=3).begin(tmp_path)
    assert later.some_seeds == {}
    assert [job.name for job in later.jobs() if job.seed == 3] == ["grape/seed-3", "sft/seed-3"]
    assert study_of(["grape"], [3]).joined(tmp_path).draws == 3
    assert [job.name for job in later.jobs()] == [
        "untrained/seed-0", "grape/seed-0", "sft/seed-0",
        "untrained/seed-1", "grape/seed-3", "sft/seed-3",
        "untrained/seed-2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"split": "dev"}, "holds a study with split='test', not 'dev'; use another --out folder"),
        ({"queries": 4}, "holds a study with queries=None, not 4"),
        ({"beyond": 4}, "holds a study with beyond=None, not 4"),
        ({"training": {"steps": 3}}, "holds a study with training="),
        ({"precision": "bfloat16"}, "holds a study in float32, not bfloat16"),
    ],
)
def test_another_study_is_refused(study_of, tmp_path: Path, changes: dict[str, object], message: str) -> None:
    begun = study_of(["grape"], [0], precision="float32").begin(tmp_path)
    with pytest.raises(UserError, match=message):
        study_of(["grape"], [0], **changes).begin(tmp_path)
    assert read_study(tmp_path) == begun


def test_a_study_keeps_to_the_number_format_that_it_was_begun_in(study_of, own_cache, tmp_path: Path) -> None:
    assert study_of(["grape"], [0]).begin(tmp_path / "best").precision == best_precision()
    other = "float32" if best_precision() == "bfloat16" else "bfloat16"
    study_of(["grape"], [0], precision=other).begin(tmp_path / "other")
    study = study_of(["grape"], [0]).begin(tmp_path / "other")  # goes on, with nothing said
    assert study.precision == other
    run_study(study, tmp_path / "other", only="grape/seed-0")
    assert read_manifest(Job("grape", 0).folder(tmp_path / "other")).hardware["precision"] == other


def test_an_arm_that_learns_further_tasks(study_of, own_cache, tmp_path: Path, tiny_dataset_folder: Path) -> None:
    study = study_of(["grape"], [0], data=str(shutil.copytree(tiny_dataset_folder, tmp_path / "data")))
    task = f"{tiny_dataset_folder}:{study.retriever}:long-form"
    study = study.model_copy(update={"arms": {"several": {"also": [task]}}})
    prepare(study, tmp_path / "out")
    run_study(study.begin(tmp_path / "out"), tmp_path / "out", only="several/seed-0")
    folder = Job("several", 0).folder(tmp_path / "out")
    manifest = read_manifest(folder)
    assert manifest is not None
    assert manifest.also == [task]
    assert "also" not in manifest.training
    assert [task.prompt for task in read_adapter(folder).tasks] == [PROMPTS["multilingual"], PROMPTS["long-form"]]
    with pytest.raises(UserError, match="names no task"):
        prepare(study.model_copy(update={"arms": {"several": {"also": ["a:b:c:d:e"]}}}), tmp_path / "other")


def test_an_arm_measures_what_another_study_trained(
    finished: tuple[Study, Path], study_of, own_cache, tiny_folders: dict[str, Path], tiny_clip_folder: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    study, there = finished
    arm = f"theirs:from={there / 'grape'}"
    own = study_of([arm], [0, 1]).begin(tmp_path)
    prepare(own, tmp_path)
    run_study(own, tmp_path, only="theirs/seed-1")
    found, origin = (
        read_manifest(Job(*job).folder(out)) for job, out in ((("theirs", 1), tmp_path), (("grape", 1), there))
    )
    assert (found.trained_in, found.seed, found.training) == (study.data, 1, origin.training)
    assert (found.training_seconds, found.looks) == (origin.training_seconds, [])
    assert found.peak_gb >= origin.peak_gb
    assert found.fingerprints == origin.fingerprints
    timed = {"ms_per_query": found.figures["theirs"]["ms_per_query"]}
    assert found.figures == {"theirs": {**origin.figures["grape"], **timed}}  # the same adapter on the same queries
    assert not (Job("theirs", 1).folder(tmp_path) / "adapter_model.safetensors").exists()
    later = own.model_copy(update={"seeds": [0, 7]})
    prepare(later, tmp_path, only="theirs/seed-0")  # the other's source may still be in training
    for changes, words in (
        ({"seeds": [7]}, "seed-7 holds no complete run of a study to take an adapter from"),
        ({"arms": {"theirs": {"from": str(there / "untrained")}}}, r"grape.json is missing"),
        ({"rewriter": str(tiny_folders["llama"])}, "has an adapter of .*tiny-gemma.*, not of .*tiny-llama"),
        ({"retriever": str(tiny_clip_folder)}, "was trained for retriever .*, not for .*tiny-clip.*; use that one"),
    ):
        with pytest.raises(UserError, match=words):
            prepare(own.model_copy(update={"seeds": [0], **changes}), tmp_path)


def test_queries_beyond_those_of_another_study(
    finished: tuple[Study, Path], study_of, own_cache, tmp_path: Path
) -> None:
    _, there = finished
    whole = Dataset.load(study_of(["grape"], [0]).data).test
    folders = []
    for name, which in (("first", {"queries": 6}), ("rest", {"beyond": 6}), ("some", {"beyond": 6, "queries": 2})):
        study = study_of([f"theirs:from={there / 'grape'}"], [0], **which).begin(tmp_path / name)
        run_study(study, tmp_path / name, only="theirs/seed-0")
        folders.append(Job("theirs", 0).folder(tmp_path / name))
    first, rest, some = (read_manifest(folder) for folder in folders)
    assert (first.queries, rest.queries, some.queries) == (6, len(whole) - 6, 2)
    assert rest.fingerprints["queries"] == whole.beyond(6).fingerprint()
    ranks = [np.array(read_outcomes(folder).ranks["theirs"]) for folder in folders[:2]]
    everywhere = read_outcomes(Job("grape", 0).folder(there)).ranks["grape"]
    assert sorted(np.concatenate(ranks)) == sorted(everywhere)  # the same adapter on all queries of the split
    with pytest.raises(UserError, match=f"cannot leave out {len(whole)} queries"):
        prepare(study_of(["grape"], [0], beyond=len(whole)), tmp_path / "none")


def test_a_run_that_fails_says_why(study_of, own_cache, tmp_path: Path) -> None:
    study = study_of(["grape"], [0], rewriter=str(tmp_path / "nowhere")).begin(tmp_path)
    with pytest.raises(UserError, match=r"run untrained/seed-0 failed: cannot load rewriter .*nowhere"):
        run_study(study, tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seeds": [0, 0]}, "seeds has 0 twice; each adds evidence once"),
        ({"seeds": []}, "seeds: .*at least 1"),
        ({"seeds": [-1]}, r"seeds.0: .*greater than or equal to 0"),
        ({"some_seeds": {"grape": [0, 0]}}, "some_seeds.grape has 0 twice"),
        ({"some_seeds": {"grape": [7]}}, "some_seeds.grape has 7, which is not among the seeds"),
        ({"some_seeds": {"grappe": [0]}}, "some_seeds has 'grappe', which is not among the arms"),
        ({"arms": {"grape": {"stpes": 3}}}, "'grape' has an unknown key 'stpes'"),
        ({"training": {"stpes": 3}}, "unknown key 'stpes'"),
        ({"training": {"seed": 7}}, "a seed is nothing that all runs share; name it in seeds"),
        ({"arms": {"grape": {"seed": 5}}}, "'grape' has a seed of its own; all arms have those of the study"),
        ({"arms": {"": {}}}, "'' has a name that no folder can have"),
    ],
)
def test_a_study_that_was_edited_to_what_it_cannot_be(
    study_of, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    study = study_of(["grape"], [0]).begin(tmp_path)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({**study.model_dump(mode="json"), **change}))
    with pytest.raises(UserError, match=rf"study\.yaml: .*{message}"):
        read_study(tmp_path)


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


def test_a_run_that_the_study_does_not_have(study_of, tmp_path: Path) -> None:
    study = study_of(["grape"], [0])
    with pytest.raises(UserError, match="no run 'sft/seed-0'; it has untrained/seed-0, grape/seed-0"):
        run_study(study, tmp_path, only="sft/seed-0")


def test_a_manifest_of_another_version(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"arm": "grape"}')
    with pytest.raises(UserError, match=r"manifest\.json does not hold what it should: seed: Field required"):
        read_manifest(tmp_path)


def test_preparing_finds_mistakes_before_anything_begins(
    finished: tuple[Study, Path], study_of, own_cache, tmp_path: Path
) -> None:
    prepare(study_of(["grape"], [0]), tmp_path)
    for changes, words in (
        ({"rewriter": "/nowhere"}, "cannot load rewriter '/nowhere'"),
        ({"retriever": "/nowhere"}, "nowhere"),
        ({"rewriter": str(finished[1] / "grape" / "seed-0")}, "is a trained adapter; a study trains from a base model"),
    ):
        with pytest.raises(UserError, match=words):
            prepare(study_of(["grape"], [0], **changes), tmp_path)


def test_no_seed_is_trained_on_what_has_changed_since_others(
    finished: tuple[Study, Path], own_cache, tmp_path: Path
) -> None:
    """Neither when the study is asked for, nor when it changes while the study is at work."""
    study, there = finished
    out = tmp_path / "out"
    shutil.copytree(there, out)
    data = shutil.copytree(study.data, tmp_path / "data")
    more = study.model_copy(update={"data": str(data), "seeds": [0, 1, 2]})
    (out / "study.yaml").write_text(yaml.safe_dump(more.model_dump(mode="json")))
    prepare(more, out)  # the same data, though in another place
    with (data / "qrels" / "train.tsv").open("a") as lines:
        lines.write("de0\td1\t1\n")
    said = r"grape/seed-2 would be made with other data than .*untrained/seed-0; such runs cannot be compared"
    with pytest.raises(UserError, match=said):
        prepare(more, out)
    with pytest.raises(UserError, match=said):
        run_study(more, out, only="grape/seed-2")
    assert not (out / "grape" / "seed-2" / "training.json").exists()
    prepare(study.model_copy(update={"data": str(data)}), out)  # all its runs are complete, and can be reported


def test_the_source_of_a_reward_of_ones_own_is_noted_and_compared(
    study_of, own_cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "rewards_that_change.py"
    source.write_text("def score(rewrites, candidates):\n    return 1 / candidates.ranks\n")
    monkeypatch.syspath_prepend(str(tmp_path))  # for the config's check
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)  # for the runs
    out = tmp_path / "out"
    study = study_of(["mine:reward=rewards_that_change:score"], [0, 1]).begin(out)
    run_study(study, out, only="mine/seed-0")
    manifest = read_manifest(out / "mine" / "seed-0")
    assert manifest.fingerprints["reward"] == hashlib.sha256(source.read_bytes()).hexdigest()
    prepare(study, out)
    source.write_text(source.read_text() + "# another\n")
    with pytest.raises(
        UserError, match=r"seed-1 would be made with another source of the reward .*:score than .*seed-0"
    ):
        prepare(study, out)
