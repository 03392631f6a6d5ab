"""Where a model lies, and several processes, one for each accelerator, as `torchrun` starts them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def is_first() -> bool:
    """Whether this process is the one that writes files and speaks; the only one is."""
    return os.environ.get("RANK", "0") == "0"


def process_count() -> int:
    """How many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def any_process(holds: bool) -> bool:
    """Whether something holds in any of the processes that train together; each of them has to ask."""
    import torch.distributed as dist

    if not (dist.is_available() and dist.is_initialized()):
        return holds
    import torch

    flag = torch.tensor(int(holds), device=best_device() if dist.get_backend() == "nccl" else "cpu")
    dist.all_reduce(flag, op=dist.ReduceOp.MAX)
    return bool(flag)


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Let the processes that train together run a block one after another, so that what the first builds is found.

    :param folder: on a disk that they share.
    """
    if process_count() == 1:
        yield
        return
    from grape_rewrite.lock import locked

    with locked(folder / ".processes"):
        yield


def best_device() -> str:
    """Return the device that models are put on unless another is asked for: this process's accelerator, or `cpu`."""
    import torch

    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if torch.cuda.is_available() else "cpu"
