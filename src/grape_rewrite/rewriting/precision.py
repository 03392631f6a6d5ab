"""Which number format to compute in."""

import torch


def best_dtype(device: str = "cpu") -> torch.dtype:
    """Return bfloat16 where the device multiplies it in hardware, float32 elsewhere.

    The check on processors is for AVX-512 BF16 (or AMX, which implies it): without it bfloat16 is emulated and slow.
    """
    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    if device == "cpu" and torch.cpu._is_avx512_bf16_supported():
        return torch.bfloat16
    return torch.float32
