"""`grape search`."""

import json as jsonlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from grape_rewrite.cli.load import check_languages, load_data
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
    StrategyName,
)
from grape_rewrite.cli.output import results, say
from grape_rewrite.cli.searcher import Searcher
from grape_rewrite.errors import UserError

if TYPE_CHECKING:
    from grape_rewrite.index import Index


def search(
    data: Data,
    query: Annotated[str, typer.Argument(help="What to search for.")],
    retriever: RetrieverOfAdapter = None,
    rewriter: RewriterName = "gemma-3-270m",
    prompt: PromptName = None,
    max_tokens: MaxTokens = None,
    strategy: StrategyName = "greedy",
    settings: Searched = None,
    seed: Seed = 0,
    image: Annotated[
        Path | None, typer.Option(help="A picture; the query then says what is to be different in what is found.")
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(help="The language of the query, such as de, for a strategy that goes by it (except-en:greedy)."),
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="Results.")] = 5,
    json: Json = False,
    allow_mismatch: AllowMismatch = False,
    max_unreadable: MaxUnreadable = 0.0,
    trust_remote_code: RemoteCode = False,
) -> None:
    """Search with the query as it is and as it is rewritten, side by side.

    Example: [bold]grape search scenes "rotes Herz und Pferd" --rewriter runs/demo[/bold]
    """
    if not query.strip():
        raise UserError("the query is empty; give it some words")
    corpus = load_data(data).corpus  # before the libraries of models, which take seconds to import
    from grape_rewrite.datasets import Query
    from grape_rewrite.strategies import Ask, Generations, search_asks, strategy_of

    wanted = [Query("", query, image, language)]
    check_languages(strategy, wanted, "name it, such as --language de")
    searcher = Searcher.named(
        retriever, rewriter, prompt, settings, max_tokens, allow_mismatch, max_unreadable, trust_remote_code
    )
    policy, index = searcher.load(corpus, pictured=image is not None, quiet=json)
    [ask] = strategy_of(strategy, Generations(policy, seed=seed))(wanted, index)
    rewritten = ask.shown
    raw, better = (search_asks([asked], index, k, wanted)[0] for asked in (Ask((query,)), ask))
    if json:
        found = {
            name: [{"_id": id, "score": score} for id, score in hits]
            for name, hits in (("raw", raw), ("rewritten", better))
        }
        weights = ask.weights or [1 / len(ask.texts)] * len(ask.texts)
        asked_with = {"texts": ask.texts, "weights": None if ask.by_rank else weights}  # ranks are fused without
        say(jsonlib.dumps({"query": query, "rewrite": rewritten, **asked_with, **found}, ensure_ascii=False))
        return
    table = Table()
    for heading in (f"raw: {escape(query)}", "score", f"rewritten: {escape(rewritten)}", "score"):
        table.add_column(heading, justify="right" if heading == "score" else "left")
    for (left, low), (right, high) in zip(raw, better, strict=True):
        table.add_row(_describe(index, left), f"{low:.3f}", _describe(index, right), f"{high:.3f}")
    results.print(table)


def _describe(index: "Index", id: str) -> str:
    item = index.corpus[index.corpus.position[id]]
    text = item.text or (item.image.name if item.image and item.image.stem != id else "")
    return escape(f"{id}  {text[:60]}".rstrip())
