"""Corpus items as vectors: a text, an image, or the two together."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from grape_rewrite.datasets import Item
from grape_rewrite.errors import UserError
from grape_rewrite.index.shard import Shard
from grape_rewrite.retrievers import Retriever
from grape_rewrite.retrievers.images import UnreadableImage, find_unreadable
from grape_rewrite.retrievers.unit import unit_rows

TEXTS, IMAGES = 512, 32  # embedded between two moves of the progress bar


def embed_items(retriever: Retriever, items: Sequence[Item], advance: Callable[[int], None]) -> Shard:
    """Embed items, each as it can be seen.

    - text only: the text's embedding;
    - image only: the image's;
    - both: their mean, made a unit vector again, if the retriever can see; the text's otherwise;
    - an unreadable image: its text's embedding; without a text, a row of zeros, which `Index` never finds;
    - neither: a row of zeros too.

    :param items: n items that `check_items` let pass.
    :param advance: called with the number of embeddings just made; `count_embeddings` tells how many there will be.
    :return: (n, d) rows, and which images are unreadable.
    """
    rows = np.zeros((len(items), retriever.dimension), dtype=np.float32)
    with_text = [row for row, item in enumerate(items) if item.text is not None]
    for start in range(0, len(with_text), TEXTS):
        chunk = with_text[start : start + TEXTS]
        rows[chunk] = retriever.embed_documents([items[row].text or "" for row in chunk])
        advance(len(chunk))

    broken: dict[int, str] = {}
    with_image = [row for row, item in enumerate(items) if item.image is not None] if retriever.sees else []
    for start in range(0, len(with_image), IMAGES):
        chunk = with_image[start : start + IMAGES]
        seen, embeddings, found = _embed_readable(retriever, items, chunk)
        rows[seen] += embeddings
        broken |= found
        advance(len(chunk))
    both = [row for row in with_image if items[row].text is not None and row not in broken]
    rows[both] = unit_rows(rows[both], retriever.name)

    return Shard(
        embeddings=rows,
        unreadable=broken,
        truncated=retriever.count_truncated([items[row].text or "" for row in with_text]),
    )


def count_embeddings(retriever: Retriever, items: Sequence[Item]) -> int:
    """Return how many texts and images `embed_items` embeds."""
    texts = sum(item.text is not None for item in items)
    return texts + (sum(item.image is not None for item in items) if retriever.sees else 0)


def check_items(retriever: Retriever, items: Sequence[Item]) -> None:
    """Check, before anything is embedded, that the retriever can take every item.

    :raises UserError: naming the first item that it cannot; and when there is no item with a text or an image.
    """
    if all(item.is_empty for item in items):
        raise UserError("no item of the corpus has a text or an image; give each one of them")
    for item in items:
        if item.text is None and item.image is not None and not retriever.sees:
            raise UserError(
                f"retriever {retriever.name} reads text only, but corpus item {item.id!r} has only an image; choose a "
                "retriever with an image tower, such as lite-clip or openai/clip-vit-base-patch32, or give items a text"
            )


def _embed_readable(
    retriever: Retriever, items: Sequence[Item], chunk: list[int]
) -> tuple[list[int], npt.NDArray[np.float32], dict[int, str]]:
    paths = [image for row in chunk if (image := items[row].image) is not None]
    try:
        return chunk, retriever.embed_images(paths), {}
    except UnreadableImage:
        # Only now is each picture read on its own: a corpus without broken ones is decoded once.
        broken = find_unreadable(paths)
    found = {chunk[position]: f"corpus item {items[chunk[position]].id!r}: {why}" for position, why in broken.items()}
    readable = [position for position in range(len(chunk)) if position not in broken]
    embeddings = retriever.embed_images([paths[position] for position in readable])
    return [chunk[position] for position in readable], embeddings, found
