"""`grape headroom`."""

from typing import Annotated

import typer

from grape_rewrite.cli.load import load_data
from grape_rewrite.cli.options import (
    AllowMismatch,
    Data,
    Json,
    MaxTokens,
    MaxUnreadable,
    PromptName,
    RemoteCode,
    RetrieverOfAdapter,
    RewriterName,
    Searched,
    Seed,
)
from grape_rewrite.cli.output import note, say, show, shows_progress
from grape_rewrite.cli.searcher import Searcher
from grape_rewrite.rewriting.defaults import TEMPERATURE


def headroom(
    data: Data = "scenes",
    retriever: RetrieverOfAdapter = None,
    rewriter: RewriterName = "gemma-3-270m",
    prompt: PromptName = None,
    split: Annotated[str, typer.Option(help="Split to look at; leave test alone until the end.")] = "dev",
    queries: Annotated[int, typer.Option(min=1, help="Queries, all languages alike.")] = 200,
    group: Annotated[int, typer.Option(min=2, help="Samples for each query.")] = 8,
    temperature: Annotated[
        float, typer.Option(min=0.01, help="Temperature of the sampling, as in training.")
    ] = TEMPERATURE,
    max_tokens: MaxTokens = None,
    settings: Searched = None,
    seed: Seed = 0,
    json: Json = False,
    allow_mismatch: AllowMismatch = False,
    max_unreadable: MaxUnreadable = 0.0,
    trust_remote_code: RemoteCode = False,
) -> None:
    """Say before training what there is to win: raw, untrained and best-of-group ranks.

    Example: [bold]grape headroom data/mine --retriever minilm --queries 100[/bold]
    """
    searcher = Searcher.named(
        retriever, rewriter, prompt, settings, max_tokens, allow_mismatch, max_unreadable, trust_remote_code
    )
    dataset = load_data(data, [split])
    sample = dataset.split(split).sample(queries)
    policy, index = searcher.load(dataset.corpus, sample.pictured, json)

    from grape_rewrite.cli.tables import headroom_table
    from grape_rewrite.evaluation.formats import counted
    from grape_rewrite.evaluation.headroom import FEW, measure_headroom

    found = measure_headroom(policy, index, sample, group, seed, temperature, progress=shows_progress(json))
    if json:
        say(found.to_json())
    else:
        show(headroom_table(found, f"{data} ({split}), retriever {index.retriever.name}, rewriter {rewriter}"))
    if len(sample) < FEW:
        note(f"note: {counted(len(sample), 'query tells', 'queries tell')} little; {FEW} or more say what there is")
