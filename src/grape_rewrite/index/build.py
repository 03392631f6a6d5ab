"""From a corpus to an index, by way of the cache."""

import logging
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.progress import Progress

from grape_rewrite.cache import cache_folder
from grape_rewrite.datasets import Corpus, Item
from grape_rewrite.errors import UserError
from grape_rewrite.index.embed import check_items, count_embeddings, embed_items
from grape_rewrite.index.index import Index, combined_fingerprint
from grape_rewrite.index.shard import Shard, load_shard, save_shard
from grape_rewrite.retrievers import Retriever
from grape_rewrite.retrievers.images import find_unreadable

log = logging.getLogger(__name__)

SHARD = 2048  # items; what a crash can lose
EMPTY = "it has neither a text nor an image"


def build_index(
    retriever: Retriever,
    corpus: Corpus,
    cache: Path | None = None,
    progress: bool = False,
    max_unreadable: float = 0.0,
) -> Index:
    """Embed a corpus, shard by shard; shards that are whole in the cache are not embedded again.

    The cache is a folder for each pair of retriever and corpus (`Index.fingerprint`), in it one for each shard, so that
    an interrupted run goes on where it stopped. A shard that is missing, truncated or corrupted is made anew.

    :param corpus: N items with a text, an image or both; see `embed.embed_items` for what becomes of them.
    :param cache: the folder of all embeddings; `cache_folder() / "embeddings"` when None.
    :param progress: show a progress bar.
    :param max_unreadable: share of the items, in [0, 1], whose image may be unreadable.
    :raises UserError: when an item cannot be embedded by this retriever, more images are unreadable than allowed, or
        the cache cannot be written.
    """
    if not 0 <= max_unreadable <= 1:
        raise UserError(f"max_unreadable is {max_unreadable}; it is a share of the corpus, from 0 to 1")
    if len(corpus) == 0:
        raise UserError("the corpus is empty; an index needs at least one item")
    check_items(retriever, corpus.items)
    fingerprint = combined_fingerprint(retriever, corpus)
    folder = cached_at(fingerprint, cache)
    # A share such as 0.07 of 100 items allows 7, whatever the product's last digit.
    allowed = math.floor(max_unreadable * len(corpus) + 1e-9)

    embeddings = np.empty((len(corpus), retriever.dimension), dtype=np.float32)
    skipped: dict[int, str] = {}
    unreadable: dict[int, str] = {}
    truncated = 0
    with Progress(transient=True, disable=not progress) as bar:
        task = bar.add_task("Embedding the corpus", total=count_embeddings(retriever, corpus.items))
        for start in range(0, len(corpus), SHARD):
            items = corpus.items[start : start + SHARD]
            home = folder / f"{start:09d}-{start + len(items):09d}"
            shard = load_shard(home, len(items), retriever.dimension)
            if shard is None or not _still_unreadable(shard, items):
                shard = embed_items(retriever, items, advance=lambda made: bar.advance(task, made))
                save_shard(shard, home)
            else:
                bar.advance(task, count_embeddings(retriever, items))
            embeddings[start : start + len(items)] = shard.embeddings
            broken = {start + row: why for row, why in shard.unreadable.items()}
            skipped |= {row: why for row, why in broken.items() if corpus[row].text is None}
            skipped |= {start + row: EMPTY for row, item in enumerate(items) if item.is_empty}
            unreadable |= broken
            truncated += shard.truncated
            if len(unreadable) > allowed:
                raise _too_many(list(unreadable.values()), allowed, max_unreadable, len(corpus))

    index = Index(retriever, corpus, embeddings, skipped, unreadable, truncated)
    _report(index)
    return index


def cached_at(fingerprint: str, cache: Path | None = None) -> Path:
    """Return the folder that the embeddings of a retriever and a corpus lie in.

    :param fingerprint: of both, as `Index.fingerprint` gives it.
    :param cache: the folder of all embeddings.
    """
    return (cache or cache_folder() / "embeddings") / fingerprint[:32]


def _still_unreadable(shard: Shard, items: Sequence[Item]) -> bool:
    # The same bytes may have become readable: a format's decoder was installed.
    paths = [image for row in shard.unreadable if (image := items[row].image) is not None]
    return len(find_unreadable(paths)) == len(paths)


def _too_many(unreadable: list[str], allowed: int, share: float, size: int) -> UserError:
    return UserError(
        f"{unreadable[0]}; {len(unreadable)} such so far, but {allowed} of {size} items are allowed "
        f"(max_unreadable={share:g}): mend the files, or allow a larger share"
    )


def _report(index: Index) -> None:
    for why in index.unreadable.values():
        log.warning("%s", why)
    if index.unreadable:
        log.warning(
            "%d of %d items have an unreadable image; %d of them have no text either and are never found",
            len(index.unreadable),
            len(index),
            len(index.unreadable.keys() & index.skipped.keys()),
        )
    if empty := len(index.skipped.keys() - index.unreadable.keys()):
        log.warning("%d of %d items have neither a text nor an image and are never found", empty, len(index))
    if index.truncated:
        log.warning(
            "%d corpus texts are longer than the %s tokens that %s reads; only their beginnings count",
            index.truncated,
            index.retriever.context,
            index.retriever.name,
        )
