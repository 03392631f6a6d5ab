"""A study as one HTML file that needs nothing else, neither network nor script."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from grape_rewrite.ablation.arms import ALSO, DEFAULT
from grape_rewrite.ablation.manifest import read_manifest
from grape_rewrite.ablation.outcomes import read_outcomes
from grape_rewrite.ablation.results import RAW
from grape_rewrite.ablation.scatter import MOST, scatter_plots
from grape_rewrite.ablation.study import UNTRAINED, Job, Study
from grape_rewrite.ablation.tables import COLUMNS, INFLATION, SPREAD, of_few_seeds
from grape_rewrite.evaluation.curves import Chart, line_chart
from grape_rewrite.evaluation.strips import shared_scale
from grape_rewrite.evaluation.summary import HUMAN
from grape_rewrite.evaluation.templates import environment

CURVES = {
    "recall@10": ("Recall@10", "on dev queries"),
    "mrr": ("Mean reciprocal rank", "on dev queries"),
    "d_pos": ("Rise of the right item's score", "over raw, on dev queries"),
    "d_hard": ("Rise of the strongest wrong items' scores", "over raw, on dev queries"),
    "d_neg": ("Rise of all wrong items' scores", "over raw, on dev queries"),
    "margin": ("Margin", "rise of the right item less that of the strongest wrong ones"),
}
BY_TIME = ("Recall@10 by the minute", "on dev queries, over minutes of training")
OTHER_DEV = {"languages", "dev_queries", ALSO}  # what an arm changes the dev queries with


def render_study(study: Study, results: Mapping[str, Any], out: Path) -> str:
    """Return the report as HTML. All texts in it are escaped, wherever they come from.

    :param study: the study.
    :param results: what `read_results` returned.
    :param out: the study's folder.
    """
    arms = dict(sorted(results["arms"].items(), key=lambda arm: -arm[1]["recall@10"]["mean"]))
    values = [value for arm in arms.values() for value in arm["recall@10"]["seeds"].values()]
    levels = _levels(study, arms, out)
    charts = _curves(results["training"])
    drawn = {line.name for chart in charts for line in chart.series}
    trained = [name for name in arms if name in study.arms]
    free = next(iter(study.training_free(arms)), RAW)
    complete = [found for job in study.jobs() if (found := read_manifest(job.folder(out)))]
    return (
        environment(Path(__file__).parent)
        .get_template("study.html")
        .render(
            study=study,
            results=results,
            arms=arms,
            trained=trained,
            free=free,
            compared=[RAW, HUMAN, free, *trained],
            several=any(len(arm["recall@10"]["seeds"]) > 1 for arm in arms.values()),
            default=results["reference"],
            is_default=results["reference"] == DEFAULT,
            columns=COLUMNS,
            inflation=INFLATION,
            lying=SPREAD,
            top=min(1.0, int(max(values) * 10 + 1) / 10),
            comparisons=_by_opponent(results["comparisons"]),
            caution=of_few_seeds(results["comparisons"]),
            scale=shared_scale(results["comparisons"]),
            charts=charts,
            uncharted=[name for name in trained if name not in drawn],
            apart=[name for name in trained if OTHER_DEV & study.arms[name].keys()],
            plots=scatter_plots(list(levels.items())),
            most=MOST,
            unplotted=[name for name in arms if name not in levels],
            manifest=complete[0],
        )
    )


def _by_opponent(comparisons: list[dict[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return opponent -> metric -> comparison, the strongest opponent in Recall@10 first."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in comparisons:
        found.setdefault(row["b"], {})[row["metric"]] = row
    return dict(sorted(found.items(), key=lambda rows: float(rows[1]["recall@10"]["difference"])))


def _curves(training: Mapping[str, Any]) -> list[Chart]:
    """Return the charts of what dev queries showed during training, each arm's mean over its seeds."""
    rows = [
        {"step": float(step), f"{key} {arm}": found["mean"]}
        for arm, steps in training.items()
        for step, figures in steps.items()
        for key, found in figures.items()
    ]
    charts = [
        line_chart(title, note, {f"{key} {arm}": arm for arm in training}, rows)
        for key, (title, note) in CURVES.items()
    ]
    timed = [
        {"minutes": found["minutes"]["mean"], f"recall@10 {arm}": found["recall@10"]["mean"]}
        for arm, steps in training.items()
        for found in steps.values()
        if "minutes" in found
    ]
    charts.insert(1, line_chart(*BY_TIME, {f"recall@10 {arm}": arm for arm in training}, timed, across="minutes"))
    return [chart for chart in charts if chart]


def _levels(study: Study, arms: Mapping[str, Any], out: Path) -> dict[str, list[tuple[float, float]]]:
    """Return the scores of each query with every arm that has cosines, each of its first seed: raw, then the best."""
    outcomes = cache(read_outcomes)
    found = {}
    for name in sorted(arms, key=lambda name: name != RAW):
        job = Job(name, min(arms[name]["recall@10"]["seeds"])) if name in study.arms else Job(UNTRAINED, 0)
        if levels := outcomes(job.folder(out)).levels.get(name):
            found[name] = levels
    return found
