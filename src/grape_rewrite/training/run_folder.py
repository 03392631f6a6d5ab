"""The folder of a run: where its adapter, history and checkpoints lie, and what state it is in."""

import shutil
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from grape_rewrite.atomic import write_text
from grape_rewrite.document import read_mapping, read_text
from grape_rewrite.errors import UserError, first_problem
from grape_rewrite.rewriting.adapter import ADAPTER_FILE, WEIGHT_FILES
from grape_rewrite.training.config import TrainingConfig

CONFIG = "config.yaml"  # where `grape train` notes what it was asked for


class Row(BaseModel):
    """What each row of a history has at least."""

    model_config = ConfigDict(extra="allow")

    step: int
    seconds: float


class RunFolder:
    """A folder that holds one training run.

    `training.json` has the hyperparameters, `history.jsonl` a row for each step, `checkpoints/` what an interrupted
    run goes on from (there from the beginning, removed at the end), and the rest is the PEFT adapter of the best step.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checkpoints = folder / "checkpoints"
        self.history = folder / "history.jsonl"
        self.config = folder / "training.json"

    def last_checkpoint(self) -> str | None:
        """The newest whole checkpoint of an interrupted run, None when there is none.

        A run that is killed while it saves leaves one without `trainer_state.json`, which is written last.
        """
        whole = [path.parent for path in self.checkpoints.glob("checkpoint-*/trainer_state.json")]
        return str(max(whole, key=lambda path: int(path.name.split("-")[1]))) if whole else None

    @property
    def saved_steps(self) -> int:
        """How many steps the newest whole checkpoint has; 0 when there is none."""
        return int(last.rpartition("-")[2]) if (last := self.last_checkpoint()) else 0

    @property
    def is_taken(self) -> bool:
        """Whether a finished run lies here, or one that can be resumed.

        What is left of a run that was killed before its first checkpoint is worth nothing, and keeps nobody out.
        """
        return self.is_finished or self.last_checkpoint() is not None

    @property
    def is_finished(self) -> bool:
        """Whether the run that lies here came to its end."""
        return (self.folder / ADAPTER_FILE).exists() and not self.checkpoints.is_dir()

    def require_free(self) -> None:
        """Require that no run lies here, nor anything else that one would write over.

        :raises UserError: when one does.
        """
        if self.is_finished:
            raise UserError(f"{self.folder} holds a run already, a finished one; use another --out folder")
        if self.is_taken:
            raise UserError(
                f"{self.folder} holds a run already; use --resume to go on with it, or another --out folder"
            )
        if self.config.exists():  # what a run has left that was killed before its first checkpoint
            return
        names = (CONFIG, ADAPTER_FILE, *WEIGHT_FILES, "README.md", self.history.name, self.checkpoints.name)
        other = next((name for name in names if (self.folder / name).exists()), None)
        if other:
            raise UserError(f"{self.folder / other} is in the way and belongs to no run; use another --out folder")

    def begin(self, config: TrainingConfig) -> None:
        """Make the folder for a new run.

        :raises UserError: when a run lies here already, something else stands where its files go, or the disk cannot
            take it.
        """
        self.require_free()
        self.clear()
        write_text(self.config, config.model_dump_json(indent=1) + "\n")
        self.checkpoints.mkdir()

    def resume(self, config: TrainingConfig) -> str:
        """Return the checkpoint to go on from.

        :raises UserError: when there is none, or the run was begun with other hyperparameters.
        """
        if self.is_finished:
            raise UserError(
                f"nothing to resume in {self.folder}: its run is finished; for a longer one use another --out folder"
            )
        last = self.last_checkpoint()
        if last is None:
            raise UserError(
                f"nothing to resume in {self.folder}: it holds no checkpoint of an interrupted run; leave out --resume "
                "to begin one"
            )
        self.require_begun_with(config)
        return last

    def require_begun_with(self, config: TrainingConfig) -> None:
        """Require that the run that lies here has these hyperparameters.

        One that it does not name, as it was made by an earlier version, is not known to be the same.

        :raises UserError: with the first that it has not.
        """
        begun = read_mapping(self.config) if self.config.is_file() else {}
        asked = config.model_dump()
        for key in asked:
            if key in begun and begun[key] != asked[key]:
                raise UserError(
                    f"{self.folder} was begun with {key}={begun[key]!r}, not {asked[key]!r}; go on with the same "
                    "values, or use another --out folder"
                )
        if unknown := asked.keys() - begun.keys():
            raise UserError(f"{self.folder} was begun by a version without {min(unknown)!r}; use another --out folder")

    def finish(self) -> None:
        """Remove what only an interrupted run needs, put aside first: a part of it would belong to no run."""
        aside = self.folder / f".{self.checkpoints.name}"
        shutil.rmtree(aside, ignore_errors=True)  # what an end in the middle of this has left
        if self.checkpoints.is_dir():
            self.checkpoints.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)

    def clear(self) -> None:
        """Remove the run that lies here, and nothing else: without a `training.json` there is none."""
        if not self.config.exists():
            return
        self.finish()
        for name in (ADAPTER_FILE, *WEIGHT_FILES, "README.md"):
            (self.folder / name).unlink(missing_ok=True)
        self.history.unlink(missing_ok=True)
        self.config.unlink(missing_ok=True)

    def rows(self) -> list[dict[str, Any]]:
        """The history: one row for each step, step 0 being the untrained policy on the dev queries.

        :raises UserError: when the file is damaged.
        """
        return read_history(self.history) if self.history.is_file() else []


def read_history(file: Path) -> list[dict[str, Any]]:
    """Read a `history.jsonl`.

    :raises UserError: when it cannot be read, or a line is no row of a history, with the line's number.
    """
    rows = []
    for number, line in enumerate(read_text(file).splitlines(), start=1):
        try:
            rows.append(Row.model_validate_json(line).model_dump())
        except ValidationError as error:
            raise UserError(f"{file}, line {number}: {first_problem(error)}; it is damaged") from error
    return rows
