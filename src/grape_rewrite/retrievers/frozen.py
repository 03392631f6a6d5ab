"""Freezing a network, and the hash that proves it stayed frozen."""

from typing import TYPE_CHECKING, TypeVar

from grape_rewrite.fingerprint import weights_hash

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
    return weights_hash(network.state_dict(), *settings)
