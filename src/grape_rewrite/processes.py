"""Where a model lies, and several processes, one for each accelerator, as `torchrun` starts them."""

import os


def is_first() -> bool:
    """Whether this process is the one that writes files and speaks; the only one is."""
    return os.environ.get("RANK", "0") == "0"


def process_count() -> int:
    """How many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def best_device() -> str:
    """Return the device that models are put on unless another is asked for: this process's accelerator, or `cpu`."""
    import torch

    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if torch.cuda.is_available() else "cpu"
