"""The results of a study as Markdown."""

from collections.abc import Iterable, Mapping
from typing import Any

from grape_rewrite.evaluation.formats import p_cell
from grape_rewrite.evaluation.metrics import HEADINGS

COLUMNS = {**HEADINGS, "harm": "harm"}
INFLATION = {"d_pos": "positives", "d_hard": "hard negatives", "d_neg": "all negatives", "margin": "margin"}
SPREAD = {"hubness": "hubness", "centroid": "cosine to the centroid"}
WHERE = (
    "Where rewrites lie. Hubness: the skewness of how often each item is among the first ten, higher where a few items "
    "crowd the results. Centroid: the middle of the corpus."
)
FEW = 4
SEEDS = 3  # fewer say how these runs went, not what an arm does
TOO_FEW = "Fewer than three seeds say how these runs went, not what an arm does."
PS = ("p", "p_holm", "p_seeds", "p_seeds_holm")
LOOKS = 5  # steps in a table; more would not fit beside each other
METRICS = {"recall@10": "points of R@10", "mrr": "points of MRR", "success@1": "points of Success@1"}


def markdown(results: Mapping[str, Any]) -> str:
    """Return the tables of `read_results`: what each arm reaches, the comparisons, score inflation, also while it
    trains, cost.

    Names of arms are the user's; a pipe in them would end a cell and is replaced.
    """
    arms, comparisons = results["arms"], results["comparisons"]
    parts = [
        f"{results['queries']} queries, {results['runs']} runs" + _missing(results) + _unchanged(results),
        _table(arms, COLUMNS),
    ]
    if comparisons:
        lines = [
            f"| {_cell(results['reference'])} against | seeds | metric | difference | 95 % | "
            "p | p, Holm | over seeds too | Holm |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {_cell(row['b'])} | {len(row['seeds'])} | {METRICS[row['metric']]} | {100 * row['difference']:+.1f} | "
            f"{100 * row['low']:+.1f} to {100 * row['high']:+.1f} | "
            + " | ".join(p_cell(row[key]) for key in PS)
            + " |"
            for row in comparisons
        ]
        parts.append("\n".join(lines))
        if caution := of_few_seeds(comparisons):
            parts.append(caution)
    elif results["reference"] is None:
        parts.append("No arm that is trained is complete, so that there are no differences to test.")
    parts.append(_table(arms, INFLATION, "rise over raw of the scores of"))
    parts.append(f"{WHERE}\n\n{_table(arms, SPREAD)}")
    if table := _training(results["training"]):
        parts.append(table)
    if results["costs"]:
        lines = ["| arm | training, s | peak of host memory, GB | parameters trained |", "|---|---|---|---|"]
        lines += [
            f"| {_cell(name)} | {cost['training_seconds']:.0f} | {cost['peak_gb']:.1f} | "
            f"{cost['trained_parameters']:,.0f} |"
            for name, cost in results["costs"].items()
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def of_few_seeds(comparisons: Iterable[Mapping[str, Any]]) -> str:
    """Return what is to be said where any arm is compared over fewer seeds than tell what it does; else nothing."""
    return TOO_FEW if any(len(row["seeds"]) < SEEDS for row in comparisons) else ""


def _table(arms: Mapping[str, Any], columns: Mapping[str, str], corner: str = "arm") -> str:
    lines = [f"| {corner} | seeds | " + " | ".join(columns.values()) + " |", "|---" * (len(columns) + 2) + "|"]
    for name, metrics in arms.items():
        cells = [_spread(metrics[key]) if key in metrics else "" for key in columns]
        if any(cells):
            seeds = max(len(metric["seeds"]) for metric in metrics.values())
            lines.append(f"| {_cell(name)} | {seeds} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _training(training: Mapping[str, Any]) -> str:
    """What dev queries showed during training: the mean over the seeds, at steps that all runs looked at."""
    shared = sorted(set.intersection(*map(_whole, training.values()))) if training else []
    if not shared:
        return ""
    last = len(shared) - 1
    steps = [shared[place] for place in sorted({round(last * part / (LOOKS - 1)) for part in range(LOOKS)})]
    head = "R@10, and rise of hard negatives, all negatives and the margin, on an arm's dev queries"
    lines = [f"| {head} | " + " | ".join(f"step {step}" for step in steps) + " |", "|---" * (len(steps) + 1) + "|"]
    for name, looks in training.items():
        cells = [
            ", ".join(_look(looks[step], key) for key in ("recall@10", "d_hard", "d_neg", "margin")) for step in steps
        ]
        lines.append(f"| {_cell(name)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _whole(looks: Mapping[int, Any]) -> set[int]:
    """The steps that all seeds of an arm looked at: one that was stopped early has fewer."""
    seeds = {step: set(figures["mrr"]["seeds"]) for step, figures in looks.items()}
    return {step for step, found in seeds.items() if found == set().union(*seeds.values())}


def _look(figures: Mapping[str, Any], key: str) -> str:
    """A figure of a look; a dash where no seed has it as a number."""
    if key not in figures:
        return "-"
    return f"{figures[key]['mean']:.3f}" if key == "recall@10" else f"{figures[key]['mean']:+.3f}"


def _spread(found: Mapping[str, Any]) -> str:
    """The mean, with its spread over the seeds, and its interval over seeds and items where it has one."""
    spread = f" ± {found['std']:.3f}" if len(found["seeds"]) > 1 else ""
    interval = f" ({found['low']:.3f} to {found['high']:.3f})" if "low" in found else ""
    return f"{found['mean']:.3f}{spread}{interval}"


def _missing(results: Mapping[str, Any]) -> str:
    """Which runs are not complete, or how many, where they would fill lines."""
    missing = results["missing"]
    if len(missing) > FEW:
        return f"; {len(missing)} of {len(missing) + results['runs']} not complete"
    return f"; not complete: {', '.join(missing)}" if missing else ""


def _unchanged(results: Mapping[str, Any]) -> str:
    """Which runs learned nothing, so that their figures are those of the untrained rewriter."""
    runs = results["unchanged"]
    return f"; training never beat the untrained rewriter on dev in {', '.join(runs)}" if runs else ""


def _cell(name: str) -> str:
    return name.replace("|", "/")
