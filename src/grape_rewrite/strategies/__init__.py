"""Strategies: the ways from a query and its rewrites to what is searched with."""

from grape_rewrite.strategies.agreement import UntilAgreement
from grape_rewrite.strategies.ask import Ask, Strategy
from grape_rewrite.strategies.chosen import MostConfident
from grape_rewrite.strategies.gated import ForLanguages, Sure, Worthwhile
from grape_rewrite.strategies.generations import Generations
from grape_rewrite.strategies.interpolated import Interpolated
from grape_rewrite.strategies.pictured import Pictured, alone
from grape_rewrite.strategies.plain import Greedy, Raw
from grape_rewrite.strategies.query2doc import Query2doc
from grape_rewrite.strategies.sampled import Sampled
from grape_rewrite.strategies.scoring import EmbeddedAsks, embed_asks, search_asks
from grape_rewrite.strategies.spec import require_strategy, strategy_of

__all__ = [
    "Ask",
    "EmbeddedAsks",
    "ForLanguages",
    "Generations",
    "Greedy",
    "Interpolated",
    "MostConfident",
    "Pictured",
    "Query2doc",
    "Raw",
    "Sampled",
    "Strategy",
    "Sure",
    "UntilAgreement",
    "Worthwhile",
    "alone",
    "embed_asks",
    "require_strategy",
    "search_asks",
    "strategy_of",
]
