"""Training: TRL's GRPOTrainer with the two hot paths of short rewrites replaced.

`train` is imported when it is first used, so that a config can be checked before anything heavy loads.
"""

from typing import TYPE_CHECKING, Any

from grape_rewrite.training.config import TrainingConfig

if TYPE_CHECKING:
    from grape_rewrite.training.grpo import train

__all__ = ["TrainingConfig", "train"]


def __getattr__(name: str) -> Any:
    if name != "train":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from grape_rewrite.training.grpo import train

    return train
