"""The YAML config of `grape train`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from grape_rewrite.atomic import write_text
from grape_rewrite.document import read_yaml
from grape_rewrite.errors import Problem, UserError
from grape_rewrite.processes import best_device, process_count
from grape_rewrite.rewriting.precision import Precision, best_precision
from grape_rewrite.rewriting.prompt import Prompt, named_prompt
from grape_rewrite.training.config import TrainingConfig
from grape_rewrite.training.run_folder import CONFIG


class RunConfig(BaseModel):
    """What to train, on what, for what. In a file the hyperparameters of `training` stand beside the other keys."""

    model_config = ConfigDict(extra="forbid")

    data: str
    retriever: str = "lite-clip"
    rewriter: str = "gemma-3-270m"
    out: Path
    prompt: Prompt | None = None
    also: list[str] = []
    max_unreadable: float = Field(0.0, ge=0, le=1)
    device: str | None = None
    precision: Precision | None = None
    training: TrainingConfig = TrainingConfig()

    @field_validator("rewriter", "out", mode="before")
    @classmethod
    def _may_be_at_home(cls, place: object) -> object:
        return os.path.expanduser(place) if isinstance(place, (str, Path)) else place

    @field_validator("prompt", mode="before")
    @classmethod
    def _find_prompt(cls, prompt: object) -> object:
        """A prompt may be given whole, or by the name of a shift or of a file."""
        return named_prompt(prompt) if isinstance(prompt, str) else prompt

    @staticmethod
    def read(path: Path, overrides: Mapping[str, Any]) -> "RunConfig":
        """Read a file; `overrides` win over what it says.

        :raises UserError: when it cannot be read, is no mapping, or has a key or value that is not possible.
        """
        content = read_yaml(path)
        if not isinstance(content, dict):
            raise UserError(f"config {path} must be a mapping of keys to values, such as data: scenes")
        try:
            return RunConfig.of({**content, **overrides})
        except UserError as error:
            raise UserError(f"{path}: {error}") from error

    @staticmethod
    def of(values: Mapping[str, Any]) -> "RunConfig":
        """Make a config of flat keys.

        :raises UserError: with the first key or value that is not possible, and what would be.
        """
        own = {key: value for key, value in values.items() if key in RunConfig.model_fields and key != "training"}
        rest = {key: value for key, value in values.items() if key not in own}
        unknown = [key for key in rest if key not in TrainingConfig.model_fields]
        if unknown:
            known = [*(key for key in RunConfig.model_fields if key != "training"), *TrainingConfig.model_fields]
            raise UserError(f"unknown key {unknown[0]!r}; known: {', '.join(known)}")
        try:
            return RunConfig(**own, training=TrainingConfig.of(**rest))
        except ValidationError as error:
            found = Problem.first_of(error)
            key = found.where
            if found.kind == "missing":
                option = "" if key == "data" else f"--{key}, or "  # what to train on is no option
                raise UserError(f"{key} is missing; give {option}{key}: in the config") from None
            raise UserError(f"{key}={found.value!r}: {found.what}") from None

    @field_validator("device")
    @classmethod
    def _device_is_one(cls, name: str | None) -> str | None:
        if name is not None and name not in ("cpu", "cuda", "mps", "xpu"):
            raise ValueError("valid are cpu, cuda, mps and xpu; CUDA_VISIBLE_DEVICES=1 chooses among several")
        if name not in (None, "cpu") and process_count() > 1:
            raise ValueError("several processes take an accelerator each; leave it out")
        return name

    def settled(self, begun: "RunConfig | None" = None) -> "RunConfig":
        """Return the config with a number format: the one that it names, else that of its beginning, else the best.

        It is kept with the run, which would go on in another on another machine.

        :param begun: what a run that is resumed was begun with; its hyperparameters are the run folder's to compare.
        :raises UserError: when something else is asked for than it was begun with; another device is none.
        """
        known = self.precision or (begun.precision if begun else None)
        asked = self.model_copy(update={"precision": known or best_precision(self.device or best_device())})
        for key in ("data", "retriever", "rewriter", "prompt", "also", "max_unreadable", "precision") if begun else ():
            old, new = getattr(begun, key), getattr(asked, key)
            if key == "precision" and old is None:  # an earlier version did not keep it
                continue
            if old != new and not (key == "data" and Path(old).resolve() == Path(new).resolve()):
                what = "another prompt" if key == "prompt" else f"{key}={old!r}, not {new!r}"
                raise UserError(
                    f"{self.out} was begun with {what}; go on with the same values, or use another --out folder"
                )
        return asked

    def write(self) -> None:
        """Write the config as `config.yaml` into its own folder.

        :raises UserError: when the disk cannot take it.
        """
        flat = {**self.model_dump(mode="json", exclude={"training"}), **self.training.model_dump(mode="json")}
        write_text(self.out / CONFIG, yaml.safe_dump(flat, sort_keys=False, allow_unicode=True))
