"""Freezing a network, and the hash that proves it stayed frozen."""

import hashlib
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import torch

    Network = TypeVar("Network", bound=torch.nn.Module)


def freeze(network: "Network") -> "Network":
    """Return the network in evaluation mode, without gradients."""
    return network.eval().requires_grad_(False)


def weights_fingerprint(network: "torch.nn.Module", *settings: str) -> str:
    """Return a SHA-256 over the sorted state (names, types, shapes and bytes) and over `settings`.

    :param network: any module, on any device.
    :param settings: what else shapes an embedding: class, prompts, preprocessing, as texts.
    :return: 64 hexadecimal digits.
    """
    import torch

    digest = hashlib.sha256()
    for setting in settings:
        digest.update(f"{len(setting)}:{setting};".encode())
    state = network.state_dict()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name}:{tensor.dtype}:{tuple(tensor.shape)};".encode())
        # Viewed as bytes because numpy has no bfloat16; flat because a zero-dimensional tensor has no such view.
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
