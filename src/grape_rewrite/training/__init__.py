"""Training: TRL's GRPOTrainer with the two hot paths of short rewrites replaced.

`train` and tasks are imported when they are first used, so that a config can be checked before anything heavy loads.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from grape_rewrite.training.config import TrainingConfig

if TYPE_CHECKING:
    from grape_rewrite.training.grpo import train
    from grape_rewrite.training.task import Task, read_task

__all__ = ["Task", "TrainingConfig", "read_task", "train"]

LATER = {"train": "grpo", "Task": "task", "read_task": "task"}


def __getattr__(name: str) -> Any:
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"grape_rewrite.training.{LATER[name]}"), name)
