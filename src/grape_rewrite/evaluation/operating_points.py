"""What a user can buy: recall, harm and cost of every way to search with the same rewriter, and which one to deploy."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from grape_rewrite.errors import UserError
from grape_rewrite.evaluation.rewriters import evaluate
from grape_rewrite.evaluation.significance import bootstrap_interval
from grape_rewrite.evaluation.summary import cluster_labels
from grape_rewrite.strategies import Generations, Strategy, search_asks, strategy_of
from grape_rewrite.strategies.confidence import confidence
from grape_rewrite.strategies.spec import LANGUAGE

if TYPE_CHECKING:
    from grape_rewrite.datasets import Query, Split
    from grape_rewrite.evaluation.evaluation import Evaluation
    from grape_rewrite.index import Index

UNGUARDED = "greedy"
MOST = 16  # samples of a query
CATALOGUE = (
    "raw",
    UNGUARDED,
    *(f"greedy+raw-{weight}" for weight in (0.1, 0.2, 0.3, 0.4)),
    *(f"mean-{count}" for count in (2, 4, 8, MOST)),
    *(f"mean-{count}+raw-{weight}" for count in (4, 8, MOST) for weight in (0.1, 0.2, 0.3, 0.4)),
    "agreement-8",
    "agreement-8+raw-0.2",
    "rrf-8",
    "confident-8",
    "query2doc",
    "worthwhile-0:greedy",
    "worthwhile-0:mean-8",
)
SURE = (0.75, 0.9, 0.97)  # shares of the queries that are rewritten
GATED = tuple(f"greedy+raw-{weight}" for weight in (0.1, 0.2))
"""What they are rewritten by. Gates save tokens; against harm a larger share of the query does more (docs/log.md)."""
SPOKEN = (UNGUARDED, "mean-8")
"""What queries are rewritten by in the languages that the retriever does not know."""
KINDS = {
    "fast": "the fewest tokens, under 95 % of the plain rewrite's, among those whose Recall@10 is, even at the lower "
    "end of its 95 % interval, no more than 1 point below it",
    "safe": "the least harm among those whose Recall@10 is, even at the lower end of its 95 % interval, no lower than "
    "that of the plain rewrite",
    "best": "the highest Recall@10",
}
LOSS = 0.01
CHEAPER = 0.95  # of the plain rewrite's tokens: what takes more is no cheaper worth the name
NONE_FAST = (
    "the plain rewrite itself: nothing that takes under 95 % of its tokens has a Recall@10 that is, even at the lower "
    "end of its 95 % interval, no more than 1 point below it"
)
TIMED = 14  # queries
SHARE = re.compile(r"\+raw-[0-9.]+")  # of the query in what is searched with
DEV_QUERIES = 1040  # to choose by; the more there are, the less of what is chosen is luck
FEW = 100  # dev queries; fewer tell strategies apart only roughly

EnterPart = Callable[[str, int, int], None]
"""Is called when a part of the measuring begins: what it is, how many parts are done, and how many there are."""


@dataclass(frozen=True)
class Point:
    """One strategy: its name, what it reaches, and what it costs a query.

    `gain_low` is the lower end of the 95 % interval, over items, of what it gains in Recall@10 over the plain rewrite.
    A few of the thirty-odd strategies are level with it by luck; those that are so at this end rarely are.
    """

    strategy: str
    recall: float
    gain_low: float
    mrr: float
    harm: float
    tokens: float
    milliseconds: float


def measure_points(
    generations: Generations, index: "Index", split: "Split", enter_part: EnterPart | None = None
) -> list[Point]:
    """Measure every strategy of the catalogue, and gates whose thresholds and languages are taken from these queries.

    Strategies of K samples share them: each takes the first K of the most that any of them wants. What a query takes is
    timed apart; see `latencies`; once for those that differ in the query's share alone.

    :param generations: of the rewriter.
    :param index: the embedded corpus.
    :param split: the queries to choose by: dev, not test.
    :param enter_part: is called before each strategy is tried, before the figures of all, and before each timed query.
    """
    index = index.of(split)
    sure = confidence(index.slabs(index.embed(split.texts, split.queries), index.own(split.queries)))
    gates = [f"sure-{np.quantile(sure, share):.4f}:{inner}" for inner in GATED for share in SURE]
    generations = replace(generations, progress=False)  # dozens of bars that begin again say less than `enter_part`
    shared = replace(generations, ahead=MOST)
    specs = list(dict.fromkeys([*CATALOGUE, *gates]))
    timed = split.sample(TIMED).queries
    parts = len(specs) + 1 + len(timed)

    def enter(spec: str | None) -> None:
        if enter_part and spec is None:
            enter_part(f"figures of all {len(specs)}", len(specs), parts)
        elif enter_part and spec is not None:
            place = specs.index(spec)
            enter_part(f"{place + 1} of {len(specs)}: {spec}", place, parts)

    methods = {spec: None if spec == "raw" else strategy_of(spec, shared) for spec in specs}
    evaluation = evaluate(methods, index, split, enter=enter)
    found = evaluation.summary["methods"]
    recalls = {spec: evaluation.methods[spec].metrics["recall@10"] for spec in specs}
    clusters = cluster_labels(evaluation.positives)
    if known := known_languages(evaluation):
        spoken = {spec: strategy_of(spec, shared) for spec in (f"except-{','.join(known)}:{one}" for one in SPOKEN)}
        plain = {name: methods[name] for name in ("raw", UNGUARDED)}  # what harm and intervals are held against
        more = evaluate({**plain, **spoken}, index, split)
        found = {**found, **{spec: more.summary["methods"][spec] for spec in spoken}}
        recalls |= {spec: more.methods[spec].metrics["recall@10"] for spec in spoken}
    works = {spec: SHARE.sub("+raw-0.1", spec) for spec in found}

    def enter_query(place: int) -> None:
        if enter_part:
            enter_part(f"timing query {place + 1} of {len(timed)}", len(specs) + 1 + place, parts)

    unused = {work: strategy_of(work, replace(generations, _known={})) for work in dict.fromkeys(works.values())}
    milliseconds = latencies(unused, index, timed, enter_query)

    def gain_low(spec: str) -> float:
        return bootstrap_interval(recalls[spec] - recalls[UNGUARDED], np.random.default_rng(0), clusters).low

    return [
        Point(
            spec,
            figures["recall@10"],
            gain_low(spec),
            figures["mrr"],
            figures["harm"],
            figures["rewrite_tokens"] or 0.0,
            milliseconds[works[spec]],
        )
        for spec, figures in found.items()
    ]


def known_languages(evaluation: "Evaluation") -> list[str]:
    """The languages of queries that raw finds at least as well, by their MRR, as the plain rewrite; not if all are so.

    :param evaluation: of both.
    """
    languages = np.array([query.language or "" for query in evaluation.queries])
    better = 1 / evaluation.methods["raw"].ranks - 1 / evaluation.methods[UNGUARDED].ranks
    known = [name for name in np.unique(languages) if better[languages == name].mean() >= 0]
    named = [str(name) for name in known if re.fullmatch(LANGUAGE, name)]
    return named if len(known) < len(np.unique(languages)) else []


def latencies(
    strategies: Mapping[str, Strategy],
    index: "Index",
    queries: "Sequence[Query]",
    enter: Callable[[int], None] | None = None,
) -> dict[str, float]:
    """Return the median milliseconds from a query to its ranking, each query on its own; the first does not count.

    Strategies take turns at each query, so that what else the machine does meets all alike: their ratios say more than
    their milliseconds.

    :param strategies: by name, none of which has rewritten any of the queries yet or shares rewrites with another.
    :param enter: is called before each query, with its place.
    """
    times: dict[str, list[float]] = {name: [] for name in strategies}
    for place, query in enumerate(queries):
        if enter:
            enter(place)
        for name, strategy in strategies.items():
            start = time.perf_counter()
            search_asks(strategy([query], index), index, queries=[query])
            times[name].append(1000 * (time.perf_counter() - start))
    return {name: float(np.median(found[1:] or found)) for name, found in times.items()}


def choose(points: Sequence[Point], kind: str) -> Point:
    """Return the point to deploy; `fast` is the plain rewrite where nothing is cheaper that loses little.

    :param points: all that were measured, the plain rewrite among them.
    :param kind: one of `KINDS`.
    :raises UserError: when it is none of them.
    """
    if kind not in KINDS:
        raise UserError(f"unknown operating point {kind!r}; known are {', '.join(KINDS)}")
    plain = next(point for point in points if point.strategy == UNGUARDED)
    if kind == "best":
        return max(points, key=lambda point: (point.recall, point.mrr, -point.harm, -point.tokens))
    if kind == "safe":
        kept = [point for point in points if point.gain_low >= 0 or point == plain]
        return min(kept, key=lambda point: (point.harm, -point.recall, point.tokens))
    cheaper = [point for point in points if point.tokens < CHEAPER * plain.tokens and point.gain_low >= -LOSS]
    return min(cheaper, key=lambda point: (point.tokens, -point.recall, point.harm), default=plain)


def rule(points: Sequence[Point], kind: str) -> str:
    """Return in words why `choose` takes the point that it takes."""
    return NONE_FAST if kind == "fast" and choose(points, kind).strategy == UNGUARDED else KINDS[kind]


def describe_points(points: Sequence[Point], kind: str, queries: int) -> dict[str, Any]:
    """Return what `operating_point.json` holds: the strategy to deploy, why, and everything that was measured.

    :param queries: how many the points were measured on.
    """
    return {
        "queries": queries,
        "strategy": choose(points, kind).strategy,
        "kind": kind,
        "rule": rule(points, kind),
        "chosen": {name: choose(points, name).strategy for name in KINDS},
        "points": [asdict(point) for point in points],
    }
