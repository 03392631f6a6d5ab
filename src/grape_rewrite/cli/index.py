"""`grape index`."""

from grape_rewrite.cli.load import load_index
from grape_rewrite.cli.options import Data, MaxUnreadable, RemoteCode, RetrieverName
from grape_rewrite.cli.output import say


def embed(
    data: Data = "emoji",
    retriever: RetrieverName = "lite-clip",
    max_unreadable: MaxUnreadable = 0.0,
    trust_remote_code: RemoteCode = False,
) -> None:
    """Embed a corpus into the cache; other commands do it too when it is not there.

    Example: [bold]grape index data/mine --retriever minilm[/bold]
    """
    _, index = load_index(data, retriever, max_unreadable, trust_remote_code)
    texts = [item.text for item in index.corpus if item.text]
    say(f"{len(index)} items, {index.retriever.dimension} dimensions, retriever {index.retriever.name}")
    say(f"skipped for unreadable images: {len(index.skipped)}")
    if texts:
        cut = index.retriever.count_truncated(texts)
        say(f"texts longer than the retriever's context of {index.retriever.context} tokens, read in part: {cut}")
