"""`grape headroom`."""

from typing import Annotated

import typer

from grape_rewrite.cli.load import check_rewriters, load_data, load_index, load_retriever, load_rewriter
from grape_rewrite.cli.options import (
    Data,
    Json,
    MaxUnreadable,
    PromptName,
    RemoteCode,
    RetrieverName,
    RewriterName,
    Searched,
    Seed,
    read_prompt,
    read_searching,
)
from grape_rewrite.cli.output import say, show, shows_progress


def headroom(
    data: Data = "scenes",
    retriever: RetrieverName = "lite-clip",
    rewriter: RewriterName = "gemma-3-270m",
    prompt: PromptName = None,
    split: Annotated[str, typer.Option(help="Split to look at; leave test alone until the end.")] = "dev",
    queries: Annotated[int, typer.Option(min=1, help="Queries, all languages alike.")] = 200,
    group: Annotated[int, typer.Option(min=2, help="Samples for each query.")] = 8,
    temperature: Annotated[float, typer.Option(min=0.01, help="Temperature of the sampling, as in training.")] = 0.7,
    settings: Searched = None,
    seed: Seed = 0,
    json: Json = False,
    max_unreadable: MaxUnreadable = 0.0,
    trust_remote_code: RemoteCode = False,
) -> None:
    """Say before training what there is to win: raw, untrained and best-of-group ranks.

    Example: [bold]grape headroom data/mine --retriever minilm --queries 100[/bold]
    """
    asked, searching = read_prompt(prompt), read_searching(settings)
    dataset = load_data(data, [split])
    check_rewriters([rewriter])
    frozen = load_retriever(retriever, trust_remote_code, quiet=json)

    from grape_rewrite.evaluation.headroom import measure_headroom
    from grape_rewrite.fitting import fitted

    sample = dataset.split(split).sample(queries)
    policy = load_rewriter(rewriter, asked, trust_remote_code=trust_remote_code, quiet=json, pictured=sample.pictured)
    index = load_index(frozen, dataset.corpus, max_unreadable, quiet=json)
    policy = fitted(policy, index, searching)
    found = measure_headroom(policy, index, sample, group, seed, temperature, progress=shows_progress(json))
    if json:
        say(found.to_json())
    else:
        show(found.table())
