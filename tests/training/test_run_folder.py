"""What state a run's folder is in."""

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
    with pytest.raises(UserError, match="holds a run already"):
        begun.begin(TrainingConfig())
    assert not begun.can_resume(TrainingConfig(seed=3))


def test_a_run_with_a_checkpoint_is_resumed_with_the_same_values_only(begun: RunFolder) -> None:
    checkpoint = begun.checkpoints / "checkpoint-5"
    checkpoint.mkdir()
    assert begun.resume(TrainingConfig(seed=3)) == str(checkpoint)
    with pytest.raises(UserError, match="seed=3, not 4"):
        begun.resume(TrainingConfig(seed=4))
    with pytest.raises(UserError, match="--resume"):
        begun.begin(TrainingConfig(seed=3))


def test_clearing_removes_the_run_and_nothing_else(begun: RunFolder) -> None:
    (begun.folder / "mine.txt").write_text("keep")
    begun.clear()
    assert [path.name for path in begun.folder.iterdir()] == ["mine.txt"]


def test_a_folder_without_a_run_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    RunFolder(tmp_path).clear()
    RunFolder(tmp_path).begin(TrainingConfig())
    assert (tmp_path / "README.md").read_text() == "mine"
