"""`grape index`."""

import json

from grape_rewrite.cli.load import load_data, load_index, load_retriever
from grape_rewrite.cli.options import Data, MaxUnreadable, RemoteCode, RetrieverName
from grape_rewrite.cli.output import say


def embed(
    data: Data = "scenes",
    retriever: RetrieverName = "lite-clip",
    max_unreadable: MaxUnreadable = 0.0,
    trust_remote_code: RemoteCode = False,
) -> None:
    """Embed a corpus into the cache; other commands do it too when it is not there.

    Example: [bold]grape index data/mine --retriever minilm[/bold]
    """
    from grape_rewrite.index.build import cached_at
    from grape_rewrite.index.shard import SIDECAR

    corpus = load_data(data).corpus
    index = load_index(load_retriever(retriever, trust_remote_code), corpus, max_unreadable)
    folder = cached_at(index.fingerprint())
    shards = [json.loads(file.read_text(encoding="utf-8")) for file in folder.glob(f"*/{SIDECAR}")]
    unreadable = sum(len(shard["unreadable"]) for shard in shards)
    truncated = sum(shard["truncated"] for shard in shards)
    say(f"{len(index)} items, {index.retriever.dimension} dimensions, retriever {index.retriever.name}")
    say(f"unreadable images: {unreadable}; without a text either, so never found: {len(index.skipped)}")
    if index.retriever.context is not None:
        say(f"texts longer than the retriever's context of {index.retriever.context} tokens, read in part: {truncated}")
    say(f"cache: {folder}")
