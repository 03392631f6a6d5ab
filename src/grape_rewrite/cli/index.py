"""`grape index`."""

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

    corpus = load_data(data).corpus
    index = load_index(load_retriever(retriever, trust_remote_code), corpus, max_unreadable)
    say(f"{len(index)} items, {index.retriever.dimension} dimensions, retriever {index.retriever.name}")
    lost = index.unreadable.keys() & index.skipped.keys()
    say(f"unreadable images: {len(index.unreadable)}; without a text either, so never found: {len(lost)}")
    if empty := len(index.skipped) - len(lost):
        say(f"items with neither a text nor an image, so never found: {empty}")
    if (context := index.retriever.context) is not None:
        say(f"texts longer than the retriever's context of {context} tokens, read in part: {index.truncated}")
    say(f"cache: {cached_at(index.fingerprint())}")
