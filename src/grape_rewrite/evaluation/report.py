"""The report: an evaluation as one HTML file that needs nothing else, neither network nor script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grape_rewrite.atomic import write_text
from grape_rewrite.evaluation import formats, metrics, verdict
from grape_rewrite.evaluation.curves import Row, training_charts
from grape_rewrite.evaluation.evaluation import Evaluation
from grape_rewrite.evaluation.gallery import gallery
from grape_rewrite.evaluation.operating_points import FEW
from grape_rewrite.evaluation.strips import shared_scale
from grape_rewrite.evaluation.summary import HUMAN
from grape_rewrite.evaluation.templates import environment
from grape_rewrite.evaluation.tradeoff import tradeoffs
from grape_rewrite.rewriting.adapter import UNCHANGED

LABELS = {
    "raw": "Raw queries",
    "image": "Picture alone",
    "text": "Text alone",
    "zero-shot": "Zero-shot",
    "few-shot": "Few-shot",
    "grape": "GRAPE",
    HUMAN: "Human English",
}


@dataclass(frozen=True)
class Details:
    """What a report says that the evaluation itself does not know."""

    title: str = "What rewriting does for this index"
    summary: str = ""
    """A sentence under the title."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Name -> value, such as models, versions, settings, listed beside the fingerprints."""
    licences: Sequence[Mapping[str, str]] = ()
    """Mappings with `name`, `licence` and `credit`."""
    points: Mapping[str, Any] | None = None
    """What was measured to choose an operating point, see `operating_points.describe_points`."""
    unchanged: Sequence[str] = ()
    """The methods whose training never beat the untrained rewriter, which the result says first."""
    ways: Sequence[str] = ()
    """The methods that are other ways to search with ours, not rivals of it."""
    commands: Sequence[str] = ()
    """Shell lines that make this report again."""


def render_report(evaluation: Evaluation, history: Sequence[Row] | None = None, details: Details | None = None) -> str:
    """Return the report as HTML. All texts in it are escaped, wherever they come from.

    :param evaluation: what `evaluate_methods` returned.
    :param history: rows of the training log, see `training_charts`; without them the report has no curves.
    :param details: what the evaluation itself does not know.
    :return: a whole HTML document.
    """
    details = details or Details()
    summary = evaluation.summary
    ours, human, shown = _roles(summary, details.ways)
    labels = {**{name: name for name in summary["methods"]}, **LABELS}
    noun = "picture" if evaluation.corpus.has_images else "text"
    against = [row for row in summary["comparisons"] if row["metric"] == "recall@10"]
    charts = training_charts(history or [])
    compared = {*shown, "few-shot"}  # the same prompt without training is always among the findings
    single = all(len(rows) == 1 for rows in evaluation.positives)
    return (
        environment()
        .get_template("report.html")
        .render(
            details=details,
            summary=summary,
            methods=summary["methods"],
            labels=labels,
            metric_labels=metrics.LABELS,
            colours=_colours(summary["methods"], ours),
            reference=summary["reference"],
            ours=ours,
            human=human,
            shown=shown,
            noun=noun,
            single=single,
            caution=verdict.caution(summary["clusters"]),
            changes_nothing=UNCHANGED,
            headline=verdict.headline(summary["corpus"], noun, single),
            findings=[
                *(
                    verdict.difference(row, formats.within(labels[row["b"]]), summary["clusters"])
                    for row in against
                    if row["b"] in compared
                ),
                verdict.harm(summary["methods"], ours, formats.within(labels[summary["reference"]])),
            ],
            empties={
                name: verdict.empty_rewrites(method, [query.text for query in evaluation.queries])
                for name, method in evaluation.methods.items()
            },
            inflation=verdict.inflation(summary["methods"], ours, shown[-2], formats.within(labels[shown[-2]]))
            if len(shown) > 1
            else "",
            top=_scale([summary["methods"]]),
            language_top=_scale([entry["methods"] for entry in summary["by_language"].values()]),
            scale=shared_scale(summary["comparisons"]),
            charts=charts,
            smoothed=any(line.smooth for chart in charts for line in chart.series),
            few=FEW,
            tradeoffs=tradeoffs(details.points) if details.points else [],
            groups=gallery(evaluation, ours, {name: formats.within(labels[name]) for name in shown[:-1]}),
        )
    )


def write_report(
    path: Path, evaluation: Evaluation, history: Sequence[Row] | None = None, details: Details | None = None
) -> None:
    """Write the report whole, or not at all; the arguments are those of `render_report`.

    :raises UserError: when the file cannot be written.
    """
    write_text(path, render_report(evaluation, history, details))


def _roles(summary: Mapping[str, Any], ways: Sequence[str]) -> tuple[str, str | None, list[str]]:
    """Return our method, the human reference if there is one, and the methods that charts with little room show."""
    methods, reference = list(summary["methods"]), summary["reference"]
    comparisons = summary["comparisons"]
    ours = comparisons[0]["a"] if comparisons else methods[-1]
    human = HUMAN if HUMAN in methods and ours != HUMAN else None
    rest = [name for name in methods if name not in (reference, ours, human, *ways)]
    # What ours is held against where there is room for one: the strongest of the others, which is the honest one.
    strongest = sorted(rest, key=lambda name: -summary["methods"][name]["recall@10"])[:1]
    return ours, human, [*dict.fromkeys([reference, *strongest, ours])]


def _colours(methods: Mapping[str, Any], ours: str) -> dict[str, str]:
    """Return the style sheet's class of each method."""
    known = {"raw": "raw", "zero-shot": "zero", "few-shot": "few", HUMAN: "human", ours: "ours"}
    taken = {known[name] for name in methods if name in known}
    spare = iter([name for name in ("zero", "few", "other1", "other2", "other3") if name not in taken])
    return {name: known.get(name) or next(spare, "other3") for name in methods}


def _scale(charts: Sequence[Mapping[str, Any]]) -> float:
    """Return the end of the axis of Recall@10 of all charts: the next tenth above all intervals, at most 1."""
    highs = (method["intervals"]["recall@10"]["high"] for methods in charts for method in methods.values())
    return min(1.0, int(max(highs, default=1) * 10 + 1) / 10)
