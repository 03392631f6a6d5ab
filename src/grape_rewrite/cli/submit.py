"""`grape submit`."""

from pathlib import Path
from typing import Annotated

import typer

from grape_rewrite.cli.load import check_languages, load_data
from grape_rewrite.cli.options import (
    AllowMismatch,
    Data,
    MaxTokens,
    MaxUnreadable,
    PromptName,
    RemoteCode,
    RetrieverOfAdapter,
    RewriterName,
    Searched,
    Seed,
    StrategyName,
)
from grape_rewrite.cli.output import note, shows_progress
from grape_rewrite.cli.searcher import Searcher


def submit(
    data: Data,
    split: Annotated[str, typer.Option(help="Queries of the data set without judgements, unjudged/NAME.txt.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for the files.")],
    retriever: RetrieverOfAdapter = None,
    rewriter: RewriterName = "gemma-3-270m",
    prompt: PromptName = None,
    max_tokens: MaxTokens = None,
    strategy: StrategyName = "greedy",
    settings: Searched = None,
    seed: Seed = 0,
    allow_mismatch: AllowMismatch = False,
    max_unreadable: MaxUnreadable = 0.0,
    trust_remote_code: RemoteCode = False,
) -> None:
    """Rank queries whose answers a benchmark's server keeps, and write the files that it reads.

    A TREC run always; for CIRR also recall_submission.json and recall_subset_submission.json.

    Example: [bold]grape submit data/cirr --split test1 --rewriter runs/cirr --out submission[/bold]
    """
    from grape_rewrite.evaluation.submission import rank_unjudged
    from grape_rewrite.strategies import Generations, require_strategy, strategy_of

    require_strategy(strategy)
    searcher = Searcher.named(
        retriever, rewriter, prompt, settings, max_tokens, allow_mismatch, max_unreadable, trust_remote_code
    )
    dataset = load_data(data)
    queries = dataset.unjudged(split)
    check_languages(strategy, queries.queries, f"{split} queries need a language in queries.jsonl")
    policy, index = searcher.load(dataset.corpus, queries.pictured)
    generations = Generations(policy, seed=seed, progress=shows_progress())
    asks = strategy_of(strategy, generations)(queries.queries, index.of(queries))
    for file in rank_unjudged(asks, index, queries).write(out, strategy):
        note(f"Written: {file}")
