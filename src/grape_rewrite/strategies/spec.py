"""Strategies by name, for the command line and for files: `greedy`, `mean-8+raw-0.2`, `sure-0.05:greedy`."""

import re
from collections.abc import Callable

from grape_rewrite.errors import UserError
from grape_rewrite.strategies.agreement import UntilAgreement
from grape_rewrite.strategies.ask import Strategy
from grape_rewrite.strategies.chosen import MostConfident
from grape_rewrite.strategies.gated import ForLanguages, Sure, Worthwhile
from grape_rewrite.strategies.generations import Generations
from grape_rewrite.strategies.interpolated import Interpolated
from grape_rewrite.strategies.pictured import Pictured
from grape_rewrite.strategies.plain import Greedy, Raw
from grape_rewrite.strategies.query2doc import Query2doc
from grape_rewrite.strategies.sampled import Sampled

PLAIN: dict[str, Callable[[Generations], Strategy]] = {
    "raw": lambda made: Raw(),
    "greedy": Greedy,
    "query2doc": Query2doc,
}
COUNTED: dict[str, Callable[[Generations, int], Strategy]] = {
    "mean": Sampled,
    "rrf": lambda made, count: Sampled(made, count, by_rank=True),
    "confident": MostConfident,
    "agreement": UntilAgreement,
}
GATES: dict[str, Callable[[Strategy, float], Strategy]] = {"sure": Sure, "worthwhile": Worthwhile}
NUMBER = r"-?\d+(?:\.\d+)?"
LANGUAGE = r"[\w-]+"
GRAMMAR = re.compile(
    rf"(?:(?P<gate>sure|worthwhile)-(?P<threshold>{NUMBER}):|except-(?P<known>{LANGUAGE}(?:,{LANGUAGE})*):)?"
    rf"(?:(?P<plain>{'|'.join(PLAIN)})|(?P<counted>{'|'.join(COUNTED)})-(?P<count>[1-9]\d*))"
    rf"(?:\+raw-(?P<weight>{NUMBER}))?(?:\+image-(?P<picture>{NUMBER}))?"
)
VALID = (
    f"valid are {', '.join(PLAIN)}, {', '.join(f'{name}-K' for name in COUNTED)} with K samples, each with +raw-W "
    "behind it for a share W of the query and +image-W for one of its picture, and sure-T:, worthwhile-T: or "
    "except-en,fr: before it for a gate"
)


def strategy_of(spec: str, generations: Generations) -> Strategy:
    """Return the strategy of a name.

    >>> strategy_of("raw", None)
    Raw()

    :param spec: what to search with, such as `mean-8+raw-0.2`: eight samples and the query, which counts one fifth.
    :param generations: where rewrites come from.
    :raises UserError: when it is no such name, with what would be.
    """
    found = require_strategy(spec)
    strategy = (
        PLAIN[found["plain"]](generations)
        if found["plain"]
        else COUNTED[found["counted"]](generations, int(found["count"]))
    )
    if found["weight"] is not None:
        strategy = Interpolated(strategy, float(found["weight"]))
    if found["known"]:
        strategy = ForLanguages(strategy, frozenset(found["known"].split(",")))
    elif found["gate"]:
        strategy = GATES[found["gate"]](strategy, float(found["threshold"]))
    return strategy if found["picture"] is None else Pictured(strategy, float(found["picture"]))


def require_strategy(spec: str) -> "re.Match[str]":
    """Return the parts of a strategy's name.

    :raises UserError: when it is no such name, with what would be.
    """
    found = GRAMMAR.fullmatch(spec)
    if not found:
        raise UserError(f"unknown strategy {spec!r}; {VALID}")
    if found["weight"] is not None and (found["counted"] == "rrf" or not 0 < float(found["weight"]) < 1):
        raise UserError(f"strategy {spec!r}: the query's share lies between 0 and 1, and a fusion of ranks has none")
    if found["picture"] is not None and not 0 <= float(found["picture"]) <= 1:
        raise UserError(f"strategy {spec!r}: the picture's share is a number from 0 to 1")
    if found["gate"] == "worthwhile" and found["counted"] == "rrf":
        raise UserError(f"strategy {spec!r}: a fusion of ranks has no cosines that a gate could compare")
    return found
