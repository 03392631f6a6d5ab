"""The pictures of `docs/results.md`, drawn by `benchmarks/results.py` from the same figures as its text."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

GRAPE, OTHER, REFERENCE, ACCENT = "#6b3fa0", "#7d8590", "#b9bec5", "#d1672b"
WORDS = {
    "grape": "GRAPE",
    "sft": "fine-tuning",
    "constant": "constant temperature",
    "raw": "raw queries",
    "english": "human English",
}
LINES = (GRAPE, ACCENT, "#2a7f86", "#8a8f1f", "#a3365f", OTHER, "#3b62b5", "#c9a227")
STYLE = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": REFERENCE,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#eceef1",
    "xtick.color": "#5b626b",
    "ytick.color": "#5b626b",
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "svg.fonttype": "path",
    "svg.hashsalt": "grape",  # the same picture is the same file
}


def said(arm: str) -> str:
    """An arm in plain words, where its name is none."""
    if arm.startswith("grpo-"):
        return f"{arm.removeprefix('grpo-').replace('_', ' ')} as the reward"
    if arm.startswith("sft-"):
        return f"fine-tuning, {arm.removeprefix('sft-')} steps"
    return WORDS.get(arm, arm)


def arms(found: Mapping[str, Any], trained: Sequence[str], references: Sequence[str], file: Path) -> None:
    """Draw Recall@10 of each arm, best first: a bar for the mean, a dot for each seed.

    :param found: arm -> metric -> mean and seeds, see `read_results`.
    :param trained: the arms that were trained.
    :param references: arms that are no methods: a line each.
    """
    names = sorted(sorted(set(found) - set(references)), key=lambda name: found[name]["recall@10"]["mean"])
    with plt.style.context(STYLE):
        figure, axes = plt.subplots(figsize=(7.2, 0.27 * len(names) + 1.1))
        for row, name in enumerate(names):
            colour = GRAPE if name == "grape" else OTHER if name in trained else REFERENCE
            axes.barh(row, found[name]["recall@10"]["mean"], height=0.62, color=colour, alpha=0.85)
            seeds = list(found[name]["recall@10"]["seeds"].values())
            if len(seeds) > 1:
                axes.scatter(seeds, [row] * len(seeds), s=9, color="white", edgecolor="black", linewidth=0.6, zorder=3)
            axes.annotate(
                f"{found[name]['recall@10']['mean']:.3f}",
                (max(seeds), row),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},  # no reference's line runs through it
            )
        for name in references:
            value = found[name]["recall@10"]["mean"]
            axes.axvline(value, color=ACCENT, linewidth=1, linestyle=(0, (4, 3)))
            axes.annotate(
                said(name), (value, len(names) - 0.45), xytext=(3, 0), textcoords="offset points", color=ACCENT
            )
        axes.set_yticks(range(len(names)), [said(name) for name in names])
        axes.grid(axis="y", visible=False)
        axes.set_xlim(0, 1.08 * max(found[name]["recall@10"]["mean"] for name in found))
        axes.set_title("Recall@10 on test, a dot for each seed")
        kinds = (("GRAPE", GRAPE), ("trained", OTHER), ("untrained", REFERENCE))
        patches = [Patch(color=colour, alpha=0.85, label=label) for label, colour in kinds]
        figure.legend(handles=patches, loc="outside lower center", ncols=len(patches))
        _save(figure, file)


def inflation(looks: Mapping[str, Sequence[Sequence[tuple[int, Sequence[float]]]]], file: Path) -> None:
    """Draw what the scores do while an arm is trained: the mean over the seeds, and from the least to the most of them.

    :param looks: arm -> (of the hard negatives, of the margin to them) -> (step, rise over raw of each seed).
    """
    titles = ("Strongest wrong items: rise over raw", "Margin to them: rise over raw")
    with plt.style.context(STYLE):
        figure, panels = plt.subplots(1, 2, figsize=(7.2, 2.9))
        for panel, (axes, title) in enumerate(zip(panels, titles, strict=True)):
            for (name, scores), colour in zip(looks.items(), LINES[: len(looks)], strict=True):
                steps, seeds = zip(*scores[panel], strict=True)
                width = 2.2 if name == "grape" else 1.3
                axes.plot(
                    steps,
                    np.mean(seeds, axis=1),
                    marker="o",
                    markersize=3.5,
                    color=colour,
                    linewidth=width,
                    label=said(name),
                )
                axes.fill_between(
                    steps, np.min(seeds, axis=1), np.max(seeds, axis=1), color=colour, alpha=0.12, linewidth=0
                )
            axes.set_title(title)
            axes.set_xlabel("step of training")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
        _save(figure, file)


def race(looks: Mapping[str, Mapping[int, Mapping[str, Any]]], file: Path) -> None:
    """Draw Recall@10 of the dev queries over the minutes of training: a thin line for each seed, a thick for the mean.

    :param looks: arm -> step -> figure -> mean and seeds, as `read_results` has them in `training`.
    """
    with plt.style.context(STYLE):
        figure, axes = plt.subplots(figsize=(7.2, 3.2))
        for (name, steps), colour in zip(looks.items(), LINES[: len(looks)], strict=True):
            found = [look for look in steps.values() if "minutes" in look]
            for seed in found[0]["minutes"]["seeds"]:
                line = [[look[key]["seeds"][seed] for look in found] for key in ("minutes", "recall@10")]
                axes.plot(*line, color=colour, linewidth=0.8, alpha=0.45)
            mean = [[look[key]["mean"] for look in found] for key in ("minutes", "recall@10")]
            axes.plot(*mean, color=colour, linewidth=2.2, marker="o", markersize=3.5, label=said(name))
        axes.set_title("Recall@10 on dev, a thin line for each seed")
        axes.set_xlabel("minutes of training on one thread")
        axes.set_xlim(left=0)
        figure.legend(loc="outside lower center", ncols=len(looks))
        _save(figure, file)


def scatter(scores: Mapping[str, np.ndarray], file: Path) -> None:
    """Draw the score of each query's right item over that of its hard negatives; above the line it outscores them.

    :param scores: method -> (n, 2), the positive's score and the mean of the hard negatives'.
    """
    with plt.style.context(STYLE):
        figure, panels = plt.subplots(1, len(scores), figsize=(7.2, 2.7), sharex=True, sharey=True)
        for axes, (name, pairs), colour in zip(panels, scores.items(), (OTHER, GRAPE, ACCENT), strict=False):
            axes.scatter(pairs[:, 1], pairs[:, 0], s=5, alpha=0.5, color=colour, linewidth=0)
            axes.axline((0, 0), slope=1, color=REFERENCE, linewidth=1)
            axes.plot(*pairs[:, ::-1].mean(axis=0), marker="+", markersize=12, color="black", markeredgewidth=1.5)
            axes.set_title(said(name))
            above = f"{100 * (pairs[:, 0] > pairs[:, 1]).mean():.0f} % above"
            axes.annotate(above, (0.04, 0.92), xycoords="axes fraction", va="top")
        panels[len(panels) // 2].set_xlabel("mean score of the ten hard negatives")
        panels[0].set_ylabel("score of the right item")
        _save(figure, file)


def pools(found: Mapping[str, Any], file: Path) -> None:
    """Draw what `benchmarks/pools.py` measured: exactness by the size of the pool, time by that of the corpus."""
    with plt.style.context(STYLE):
        figure, (left, middle, right) = plt.subplots(1, 3, figsize=(7.2, 2.9))
        sizes = set()
        for line, every in zip(("-", "--"), found["exactness"].values(), strict=True):
            for share, colour, kind in ((0.0, OTHER, "drawn"), (0.5, GRAPE, "half hard")):
                rows = [row for row in every if row["hard"] == share]
                label, drawn = f"of {rows[0]['corpus']:,}, {kind}", [row["pool"] for row in rows]
                sizes.update(drawn)
                for axes, key in ((left, "agreement"), (middle, "error")):
                    values = [row[key] for row in rows]
                    axes.plot(drawn, values, line, marker="o", markersize=4, color=colour, label=label)
        left.set_title("Agreement in groups")
        middle.set_title("Error of the reward")
        for axes in (left, middle):
            _logarithmic(axes, sorted(sizes))
            axes.set_xlabel("candidates")
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=4)
        timed = found["milliseconds"]
        for (name, label), colour in zip(
            (("whole", "whole corpus"), *((name, f"{int(name):,}") for name in ("1024", "256", "64", "16"))),
            LINES,
            strict=False,
        ):
            rows = [(row["corpus"], row[name]) for row in timed if name in row]
            right.plot(*zip(*rows, strict=True), marker="o", markersize=3.5, color=colour, label=label)
        right.set_xscale("log")
        right.set_yscale("log")
        right.set_title("Reward of a step, ms")
        right.set_xlabel("items in the corpus")
        right.legend()
        _save(figure, file)


def candidates(sizes: Mapping[int, Mapping[str, Any]], whole: Mapping[str, Any], file: Path) -> None:
    """Draw what training with pools of candidates reaches: Recall@10 by their size, beside that with the whole corpus.

    :param sizes: candidates -> mean, standard deviation and seeds.
    :param whole: the same of the default.
    """
    with plt.style.context(STYLE):
        figure, axes = plt.subplots(figsize=(7.2, 2.6))
        if whole["std"] is not None:  # there are several seeds
            band = whole["mean"] - whole["std"], whole["mean"] + whole["std"]
            axes.axhspan(*band, color=GRAPE, alpha=0.12, linewidth=0)
        axes.axhline(whole["mean"], color=GRAPE, linewidth=2, label="whole corpus, ± standard deviation")
        axes.errorbar(
            list(sizes),
            [found["mean"] for found in sizes.values()],
            [np.nan if found["std"] is None else found["std"] for found in sizes.values()],
            marker="o",
            color=ACCENT,
            capsize=3,
            label="candidates, half of them hard",
        )
        for size, found in sizes.items():
            seeds = list(found["seeds"].values())
            axes.scatter([size] * len(seeds), seeds, s=9, color="white", edgecolor="black", linewidth=0.6, zorder=3)
        _logarithmic(axes, list(sizes))
        axes.set_xlabel("candidates that a rank is taken among in training")
        axes.set_title("Recall@10 on test, a dot for each seed")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
        _save(figure, file)


def tradeoff(points: Sequence[Mapping[str, Any]], chosen: Mapping[str, str], file: Path) -> None:
    """Draw what `benchmarks/operating_points.py` measured on dev: Recall@10 against harm, tokens and time.

    :param points: of every strategy, means over runs: `strategy`, `recall`, `harm`, `tokens`, `milliseconds`.
    :param chosen: what is coloured: strategy -> what for.
    """
    shown = [point for point in points if point["strategy"] != "raw"]
    kinds = dict.fromkeys(["", *chosen.values()])
    colours = {kind: LINES[place - 1] if kind else REFERENCE for place, kind in enumerate(kinds)}
    with plt.style.context(STYLE):
        figure, panels = plt.subplots(1, 3, figsize=(7.2, 3.4), sharey=True)
        for axes, cost, title in zip(
            panels, ("harm", "tokens", "milliseconds"), ("Harm", "Tokens a query", "Milliseconds a query"), strict=True
        ):
            for kind, colour in colours.items():
                of_kind = [point for point in shown if chosen.get(point["strategy"], "") == kind]
                axes.scatter(
                    [point[cost] for point in of_kind],
                    [point["recall"] for point in of_kind],
                    s=26 if kind else 12,
                    color=colour,
                    label=kind or "not chosen",
                    zorder=3 if kind else 2,
                )
            axes.set_title(title)
            axes.set_xlim(0, 1.06 * max(point[cost] for point in shown))
        panels[0].set_ylabel("Recall@10 on dev")
        figure.legend(
            *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(kinds), frameon=False
        )
        _save(figure, file)


def _logarithmic(axes: Axes, values: Sequence[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(np.array(values), [f"{value:,}" for value in values])


def _save(figure: Any, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Date": None, "Creator": None}, facecolor="white")
    plt.close(figure)


mpl.use("svg")
