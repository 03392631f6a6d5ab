"""Figures as tables for a terminal."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from grape_rewrite.evaluation.formats import counted
from grape_rewrite.evaluation.headroom import EDGES
from grape_rewrite.evaluation.metrics import HEADINGS, METRICS
from grape_rewrite.evaluation.verdict import caution

if TYPE_CHECKING:
    from grape_rewrite.evaluation.headroom import Headroom
    from grape_rewrite.evaluation.operating_points import Point


def evaluation_table(summary: Mapping[str, Any]) -> Table:
    """Return methods by metrics, with the 95 % interval of Recall@10, and the gains in the caption."""
    table = Table(
        box=SIMPLE, title=f"{summary['queries']} queries, {summary['corpus']} items", caption=escape(_gains(summary))
    )
    table.add_column("method", no_wrap=True)
    for heading in (*HEADINGS.values(), "R@10, 95 %", "harm"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, values in summary["methods"].items():
        interval = values["intervals"]["recall@10"]
        table.add_row(
            escape(name),
            *(f"{values[metric]:.3f}" for metric in METRICS),
            f"{interval['low']:.2f}-{interval['high']:.2f}",
            f"{values['harm']:.3f}",
        )
    return table


def protocol_table(protocol: Mapping[str, Mapping[str, float]]) -> Table:
    """Return the further figures of a published protocol, or means over languages, methods by figures."""
    published = any(key.startswith("subset") for key in next(iter(protocol.values())))
    table = Table(box=SIMPLE, title="The published protocol's further figures" if published else "Means over languages")
    table.add_column("method", no_wrap=True)
    for heading in next(iter(protocol.values())):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, figures in protocol.items():
        table.add_row(escape(name), *(f"{value:.3f}" for value in figures.values()))
    return table


def points_table(points: "Sequence[Point]", chosen: Mapping[str, str], queries: int) -> Table:
    """Return what each strategy reaches and costs on the dev queries, the best first, with the kinds it was chosen as.

    :param points: what was measured.
    :param chosen: kind -> strategy.
    :param queries: how many queries it was measured on.
    """
    table = Table(box=SIMPLE, title=f"How to search: {queries} dev queries")
    table.add_column("strategy", no_wrap=True)
    for heading in ("R@10", "gain at least", "MRR", "harm", "tokens", "ms", "chosen as"):
        table.add_column(heading, justify="right", no_wrap=True)
    for point in sorted(points, key=lambda point: -point.recall):
        figures = (f"{point.recall:.3f}", f"{point.gain_low:+.3f}", f"{point.mrr:.3f}", f"{point.harm:.3f}")
        cost = (f"{point.tokens:.0f}", f"{point.milliseconds:.0f}")
        kinds = ", ".join(kind for kind, strategy in chosen.items() if strategy == point.strategy)
        table.add_row(point.strategy, *figures, *cost, kinds)
    return table


def headroom_table(found: "Headroom", of: str) -> Table:
    """Return which share of the queries ranks where: raw, untrained, by the best of a group, and by luck.

    :param of: what it was measured on and with.
    """
    table = Table(
        box=SIMPLE,
        title=escape(f"Headroom of {of}: {found.queries} queries, {found.corpus} items"),
        caption=(
            f"Groups whose samples all rank the same: {100 * found.zero_variance:.0f} %. "
            f"Different rewrites in a group of {found.group}: {found.distinct:.1f}.\n{found.verdict}"
        ),
    )
    table.add_column("")
    spans = ["rank 1", *(f"{low + 1}-{high}" for low, high in pairwise(EDGES)), f">{EDGES[-1]}"]
    for heading in ("R@10", "MRR", *spans):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, shares in found.ranks.items():
        cells = [f"{100 * share:.0f} %" for share in shares]
        table.add_row(name, f"{found.recall_at_10[name]:.3f}", f"{found.mrr[name]:.3f}", *cells)
    return table


def _gains(summary: Mapping[str, Any]) -> str:
    rows = [row for row in summary["comparisons"] if row["metric"] == "recall@10"]
    lines = [
        f"{row['a']} - {row['b']}: {100 * row['difference']:+.1f} points of R@10 "
        f"({100 * row['low']:+.1f} to {100 * row['high']:+.1f}, p = {row['p']:.2g})"
        for row in rows
    ]
    lines += [
        f"{name}: {counted(values['empty'], 'empty rewrite', 'empty rewrites')}, searched with the query itself"
        for name, values in summary["methods"].items()
        if values["empty"]
    ]
    lines += [
        f"{name}: {counted(values['truncated'], 'text was', 'texts were')} longer than the retriever reads and cut"
        for name, values in summary["methods"].items()
        if values["truncated"]
    ]
    if said := caution(summary["clusters"]):
        lines.append(said)
    return "\n".join(lines)
