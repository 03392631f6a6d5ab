"""Training: TRL's GRPOTrainer with the two hot paths of short rewrites replaced."""

from grape_rewrite.training.config import TrainingConfig
from grape_rewrite.training.train import train

__all__ = ["TrainingConfig", "train"]
