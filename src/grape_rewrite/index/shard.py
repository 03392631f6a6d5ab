"""A few thousand embedded items in a folder of their own: written whole, checked when read."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from grape_rewrite.cache import whole_folder

WEIGHTS, SIDECAR = "embeddings.safetensors", "embeddings.json"
LAYOUT = 1  # raised when rows are made in another way, so that no older shard is taken for a new one


@dataclass(frozen=True)
class Shard:
    """Consecutive items of a corpus."""

    embeddings: npt.NDArray[np.float32]
    """(n, d) unit rows; zeros for an item with an unreadable image and no text."""
    unreadable: dict[int, str] = field(default_factory=dict)
    """{row in this shard: why its image cannot be read}."""
    truncated: int = 0
    """How many of the texts are longer than the retriever's context."""


class _Sidecar(BaseModel):
    layout: int
    rows: int
    dimension: int
    bytes: int
    sha256: str
    unreadable: dict[int, str]
    truncated: int


def save_shard(shard: Shard, folder: Path) -> None:
    """Write the embeddings as safetensors, beside them a JSON with their size and SHA-256.

    :raises UserError: when the disk cannot take it; nothing half-written remains.
    """
    from safetensors.numpy import save

    # Written by Python, not by safetensors, whose error for a full disk is no OSError.
    content = save({"embeddings": np.ascontiguousarray(shard.embeddings)})
    rows, dimension = shard.embeddings.shape
    sidecar = _Sidecar(
        layout=LAYOUT,
        rows=rows,
        dimension=dimension,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        unreadable=shard.unreadable,
        truncated=shard.truncated,
    )
    with whole_folder(folder) as draft:
        (draft / WEIGHTS).write_bytes(content)
        (draft / SIDECAR).write_text(sidecar.model_dump_json(indent=1) + "\n", encoding="utf-8")


def load_shard(folder: Path, rows: int, dimension: int) -> Shard | None:
    """Read a shard back, or return None when it is not there or is not, byte for byte, what was written."""
    from safetensors.numpy import load

    try:
        sidecar = _Sidecar.model_validate_json((folder / SIDECAR).read_bytes())
        content = (folder / WEIGHTS).read_bytes()
    except (OSError, ValueError):
        return None
    known = (sidecar.layout, sidecar.rows, sidecar.dimension) == (LAYOUT, rows, dimension)
    if not known or len(content) != sidecar.bytes or hashlib.sha256(content).hexdigest() != sidecar.sha256:
        return None
    return Shard(load(content)["embeddings"], sidecar.unreadable, sidecar.truncated)
