"""What state a run's folder is in."""

import json
import shutil
from pathlib import Path

import pytest

from grape_rewrite.errors import UserError
from grape_rewrite.training.config import TrainingConfig
from grape_rewrite.training.run_folder import RunFolder


@pytest.fixture
def begun(tmp_path: Path) -> RunFolder:
    run = RunFolder(tmp_path / "run")
    run.begin(TrainingConfig(seed=3))
    (run.folder / "grape.json").write_text("{}")
    return run


def test_a_run_killed_before_its_first_checkpoint_can_be_begun_again(begun: RunFolder) -> None:
    with pytest.raises(UserError, match="leave out --resume"):
        begun.resume(TrainingConfig(seed=3))
    begun.begin(TrainingConfig(seed=4))
    assert not (begun.folder / "grape.json").exists()


def test_a_finished_run_is_neither_begun_again_nor_resumed(begun: RunFolder) -> None:
    begun.finish()
    with pytest.raises(UserError, match="holds a run already, a finished one; use another --out folder"):
        begun.begin(TrainingConfig())
    with pytest.raises(UserError, match="its run is finished; for a longer one use another --out folder"):
        begun.resume(TrainingConfig(seed=3))
    begun.require_begun_with(TrainingConfig(seed=3))
    with pytest.raises(UserError, match="was begun with seed=3, not 2"):
        begun.require_begun_with(TrainingConfig(seed=2))


def test_what_a_run_does_not_say_is_not_taken_to_be_the_default(begun: RunFolder) -> None:
    config = json.loads(begun.config.read_text())
    del config["distinct"]
    begun.config.write_text(json.dumps(config))
    with pytest.raises(UserError, match="was begun by a version without 'distinct'"):
        begun.require_begun_with(TrainingConfig(seed=3))


def test_a_run_with_a_checkpoint_is_resumed_with_the_same_values_only(begun: RunFolder) -> None:
    checkpoint = begun.checkpoints / "checkpoint-5"
    checkpoint.mkdir()
    assert begun.last_checkpoint() is None  # one that was not saved to its end
    (checkpoint / "trainer_state.json").write_text("{}")
    assert begun.resume(TrainingConfig(seed=3)) == str(checkpoint)
    with pytest.raises(UserError, match="seed=3, not 4"):
        begun.resume(TrainingConfig(seed=4))
    with pytest.raises(UserError, match="--resume"):
        begun.begin(TrainingConfig(seed=3))


def test_clearing_removes_the_run_and_nothing_else(begun: RunFolder) -> None:
    (begun.folder / "mine.txt").write_text("keep")
    begun.clear()
    assert [path.name for path in begun.folder.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("name", ["README.md", "config.yaml", "grape.json", "adapter_config.json", "history.jsonl"])
def test_a_folder_without_a_run_loses_nothing(tmp_path: Path, name: str) -> None:
    """Training would write such a file over sooner or later."""
    (tmp_path / name).write_text("mine")
    (tmp_path / "notes.txt").write_text("mine too")
    RunFolder(tmp_path).clear()
    with pytest.raises(UserError, match=r"in the way and belongs to no run|holds a run already, a finished one"):
        RunFolder(tmp_path).begin(TrainingConfig())
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {name: "mine", "notes.txt": "mine too"}
    (tmp_path / name).unlink()
    RunFolder(tmp_path).begin(TrainingConfig())
    assert (tmp_path / "notes.txt").read_text() == "mine too"


@pytest.mark.parametrize(
    ("content", "words"),
    [("{", r"training\.json is no JSON"), ("[]", r"training\.json does not hold what it should: a mapping")],
)
def test_hyperparameters_that_are_damaged(begun: RunFolder, content: str, words: str) -> None:
    (begun.checkpoints / "checkpoint-5").mkdir()
    (begun.checkpoints / "checkpoint-5" / "trainer_state.json").write_text("{}")
    begun.config.write_text(content)
    with pytest.raises(UserError, match=words):
        begun.resume(TrainingConfig(seed=3))


@pytest.mark.parametrize("line", ['{"step": 1, "sec', "[]", '{"step": "one", "seconds": 1.0}', '{"step": 1}'])
def test_a_history_that_is_damaged_is_named_by_its_line(begun: RunFolder, line: str) -> None:
    whole = '{"step": 0, "seconds": 0.5, "dev_mrr": NaN, "mrr": 0.25}\n'
    begun.history.write_text(whole)
    (row,) = begun.rows()
    assert (row["step"], row["seconds"], row["mrr"]) == (0, 0.5, 0.25)
    assert row["dev_mrr"] != row["dev_mrr"]  # no number, as it was written
    begun.history.write_text(whole + line)
    with pytest.raises(UserError, match=r"history\.jsonl, line 2: .*damaged"):
        begun.rows()


def test_steps_that_are_saved(begun: RunFolder) -> None:
    assert begun.saved_steps == 0
    for step in (5, 10):
        (begun.checkpoints / f"checkpoint-{step}").mkdir()
        (begun.checkpoints / f"checkpoint-{step}" / "trainer_state.json").write_text("{}")
    assert begun.saved_steps == 10


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match=r"cannot write .*training\.json: Not a directory"):
        RunFolder(tmp_path / "file" / "run").begin(TrainingConfig())


def test_checkpoints_of_somebody_else_stay(tmp_path: Path) -> None:
    """Also when the run is begun a second time: the first leaves nothing that makes them look like its own."""
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "mine.txt").write_text("keep")
    for _ in range(2):
        with pytest.raises(UserError, match="checkpoints is in the way"):
            RunFolder(tmp_path).begin(TrainingConfig())
    assert [path.name for path in tmp_path.rglob("*")] == ["checkpoints", "mine.txt"]


def test_beginning_writes_no_half_of_the_hyperparameters(begun: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full at the last moment leaves nothing behind, and the next try begins as if nothing had been."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", full)
        with pytest.raises(UserError, match=r"cannot write .*training\.json: No space left"):
            begun.begin(TrainingConfig(seed=4))
    assert list(begun.folder.iterdir()) == []
    begun.begin(TrainingConfig(seed=4))
    assert sorted(path.name for path in begun.folder.iterdir()) == ["checkpoints", "training.json"]


def test_a_run_that_is_killed_while_it_clears_up_is_finished(begun: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = begun.checkpoints / "checkpoint-5"
    checkpoint.mkdir()
    (checkpoint / "trainer_state.json").write_text("{}")

    def killed(folder: Path, ignore_errors: bool) -> None:
        for state in folder.glob("*/trainer_state.json"):
            state.unlink()
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            begun.finish()
    (begun.folder / "adapter_config.json").write_text("{}")
    assert begun.is_finished
    with pytest.raises(UserError, match="holds a run already, a finished one"):
        begun.require_free()
    begun.clear()
    assert not any(begun.folder.iterdir())
