"""Which number format to compute in."""

import logging
from typing import TYPE_CHECKING, Literal, cast, get_args

from grape_rewrite.errors import UserError

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

Precision = Literal["float32", "bfloat16"]


def precision_of(name: str) -> Precision:
    """Return a name that is one.

    :raises UserError: for another.
    """
    if name not in get_args(Precision):
        raise UserError(f"precision={name!r} is none of {', '.join(get_args(Precision))}")
    return cast("Precision", name)


def dtype_of(precision: Precision | None, device: str = "cpu") -> "torch.dtype":
    """Return the format of a name, warning where the device only emulates it; the best of the device for None."""
    import torch

    best = best_dtype(device)
    dtype = {None: best, "float32": torch.float32, "bfloat16": torch.bfloat16}[precision]
    known = device.startswith(("cpu", "cuda"))  # of others it is not known what they have
    if known and dtype == torch.bfloat16 and best != dtype:
        logger.warning("%s has no instructions for bfloat16: float32 is many times as fast here", device)
    return dtype


def best_precision(device: str = "cpu") -> Precision:
    """Return the name of the best format of a device."""
    import torch

    return "bfloat16" if best_dtype(device) == torch.bfloat16 else "float32"


def best_dtype(device: str = "cpu") -> "torch.dtype":
    """Return bfloat16 where the device multiplies it in hardware, float32 elsewhere.

    The check on processors is for AVX-512 BF16 (or AMX, which implies it): without it bfloat16 is emulated and slow.
    """
    import torch

    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    if device == "cpu" and torch.cpu._is_avx512_bf16_supported():
        return torch.bfloat16
    return torch.float32
