"""Freezing a network; that it stays frozen is shown by `fingerprint.weights_hash`."""

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import torch

    Network = TypeVar("Network", bound=torch.nn.Module)


def freeze(network: "Network") -> "Network":
    """Return the network in evaluation mode, without gradients."""
    return network.eval().requires_grad_(False)
