"""What weights, files and code are known by."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

CHUNK = 2**20  # bytes


def weights_hash(weights: "Mapping[str, torch.Tensor]", *settings: str) -> str:
    """Return a SHA-256 over the sorted weights (names, types, shapes and bytes) and over `settings`.

    :param weights: name -> tensor, on any device.
    :param settings: what else shapes what is computed with them, as texts.
    :return: 64 hexadecimal digits.
    """
    import torch

    digest = hashlib.sha256()
    for setting in settings:
        digest.update(f"{len(setting)}:{setting};".encode())
    for name in sorted(weights):
        tensor = weights[name].detach().cpu().contiguous()
        digest.update(f"{name}:{tensor.dtype}:{tuple(tensor.shape)};".encode())
        # Viewed as bytes because numpy has no bfloat16; flat because a zero-dimensional tensor has no such view.
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def content_hash(file: Path) -> str:
    """Return the SHA-256 of a file of any size."""
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def source_hash(folder: Path) -> str:
    """Return a SHA-256 over the Python files below a folder: their names, in order, and their bytes.

    :param folder: such as that of a package.
    :return: 64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name, file in sorted((file.relative_to(folder).as_posix(), file) for file in folder.rglob("*.py")):
        content = file.read_bytes()
        digest.update(f"{len(name)}:{name};{len(content)};".encode())
        digest.update(content)
    return digest.hexdigest()
