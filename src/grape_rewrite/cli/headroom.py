"""`grape headroom`."""

from typing import Annotated

import typer

from grape_rewrite.cli.load import load_index, load_rewriter
from grape_rewrite.cli.options import Data, Json, MaxUnreadable, RemoteCode, RetrieverName, RewriterName, Seed
from grape_rewrite.cli.output import results, say, shows_progress


def headroom(
    data: Data = "scenes",
    retriever: RetrieverName = "lite-clip",
    rewriter: RewriterName = "gemma-3-270m",
    split: Annotated[str, typer.Option(help="Split to look at; leave test alone until the end.")] = "dev",
    queries: Annotated[int, typer.Option(min=1, help="Queries, all languages alike.")] = 200,
    group: Annotated[int, typer.Option(min=2, help="Samples for each query.")] = 8,
    seed: Seed = 0,
    json: Json = False,
    max_unreadable: MaxUnreadable = 0.0,
    trust_remote_code: RemoteCode = False,
) -> None:
    """Say before training what there is to win: raw, untrained and best-of-group ranks.

    Example: [bold]grape headroom data/mine --retriever minilm --queries 100[/bold]
    """
    from grape_rewrite.evaluation.headroom import measure_headroom

    dataset, index = load_index(data, retriever, max_unreadable, trust_remote_code, quiet=json, splits=[split])
    policy = load_rewriter(rewriter, index, trust_remote_code)
    sample = dataset.split(split).sample(queries)
    found = measure_headroom(policy, index, sample, group=group, seed=seed, progress=shows_progress(json))
    if json:
        say(found.to_json())
    else:
        results.print(found.table())
