"""Several tasks in one table, with what training gains in the mean."""

import json
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from grape_rewrite.ablation import read_study
from grape_rewrite.ablation.results import RESULTS
from grape_rewrite.ablation.study import STUDY
from grape_rewrite.errors import UserError
from grape_rewrite.evaluation.evaluation import EVALUATION

METRIC = "recall@10"
OURS = "grape"
BEST = "best untrained"
SHOWN = ("raw", "zero-shot", "few-shot", BEST)
GAINS = ("raw", BEST)  # over which of them the table says what training gains
UNTRAINED = ("raw", "zero-shot", "few-shot", "image", "text")  # what an evaluation has of what needs no training


class TaskFigures(NamedTuple):
    """What is shown of a task.

    :param queries: how many there are.
    :param recall: Recall@10 of each method that needs no training, and of the trained rewriter.
    :param gains: method -> difference, low, high and p of what the trained rewriter gains over it.
    :param std: the spread of the trained rewriter's over several seeds; None for one.
    """

    queries: int
    recall: dict[str, float]
    gains: dict[str, dict[str, float]]
    std: float | None = None


def read_task_figures(folder: Path) -> TaskFigures:
    """Read the `evaluation.json` that `grape evaluate` wrote, or the `results.json` of a study of `grape ablate`.

    :raises UserError: when it is missing or another file, or has no trained rewriter in it.
    """
    study = read_study(folder) if (folder / STUDY).is_file() else None
    file = folder / (RESULTS if study else EVALUATION)
    try:
        summary = json.loads(file.read_text(encoding="utf-8"))
        queries, comparisons = int(summary["queries"]), summary["comparisons"]
        if study:
            methods = {name: figures[METRIC]["mean"] for name, figures in summary["arms"].items()}
            untrained = study.training_free(methods)
            std = summary["arms"][OURS][METRIC]["std"] if OURS in methods else None
        else:
            methods = {name: figures[METRIC] for name, figures in summary["methods"].items()}
            untrained, std = [name for name in UNTRAINED if name in methods], None
        recall = {name: float(methods[name]) for name in [*untrained, OURS] if name in methods}
        gains = {
            str(row["b"]): {key: float(row[key]) for key in ("difference", "low", "high", "p")}
            for row in comparisons
            if row["a"] == OURS and row["b"] in recall and row["metric"] == METRIC
        }
    except FileNotFoundError:
        writer = "grape ablate --report writes it" if study else "name a folder that grape evaluate or ablate wrote"
        raise UserError(f"{folder} has no {file.name}; {writer}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        raise UserError(f"{file} is no evaluation of grape evaluate, and no study of grape ablate: {reason}") from error
    if not all(map(isfinite, [*recall.values(), *(value for gain in gains.values() for value in gain.values())])):
        raise UserError(f"{file} has a figure that is no number")
    if not {"raw", OURS} <= recall.keys() or "raw" not in gains:
        raise UserError(f"{file} has no trained rewriter beside raw queries; it has {', '.join(methods)}")
    return TaskFigures(queries, recall, gains, std)


def overview(tasks: Mapping[str, TaskFigures]) -> dict[str, Any]:
    """Put tasks side by side.

    `best untrained` is whichever method of a task reaches most without training, which favours it: it is chosen by the
    queries that it is measured on.

    :param tasks: task -> what `read_task_figures` returns.
    :return: `tasks` (name -> queries, Recall@10 of each method of `SHOWN` that there is and of the trained rewriter,
        `std`, the name of the `best`, and `gains`: method -> difference, low, high, p), and `average`, method -> the
        mean gain over the tasks that have it, and their number.
    """
    rows: dict[str, dict[str, Any]] = {}
    for name, task in tasks.items():
        best = max((method for method in task.recall if method != OURS), key=task.recall.__getitem__)
        recall = {**task.recall, BEST: task.recall[best]}
        gains = {**task.gains, **({BEST: task.gains[best]} if best in task.gains else {})}
        rows[name] = {
            "queries": task.queries,
            **{method: recall[method] for method in (*SHOWN, OURS) if method in recall},
            "std": task.std,
            "best": best,
            "gains": {method: gains[method] for method in SHOWN if method in gains},
        }
    gained = {
        method: [row["gains"][method]["difference"] for row in rows.values() if method in row["gains"]]
        for method in SHOWN
    }
    average = {method: {"difference": mean(found), "tasks": len(found)} for method, found in gained.items() if found}
    return {"tasks": rows, "average": average}


def markdown(found: Mapping[str, Any]) -> str:
    """Write an overview as a Markdown table."""
    names = [method for method in SHOWN if method in found["average"]]
    heads = ["task", "queries", *names, OURS, *(f"gain over {method}" for method in GAINS)]
    lines = [heads, ["---"] * len(heads)]
    for task, figures in found["tasks"].items():
        values = [value_of(figures, method) for method in (*names, OURS)]
        lines.append(
            [task, str(figures["queries"]), *values, *(gain_of(figures["gains"].get(method)) for method in GAINS)]
        )
    means = [mean_of(found, method) for method in GAINS]
    lines.append(["average", *[""] * (2 + len(names)), *means])
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def value_of(figures: Mapping[str, Any], method: str) -> str:
    """Write a task's Recall@10 of a method: of the best with its name, of ours with its spread over seeds."""
    if method not in figures:
        return ""
    value = f"{figures[method]:.3f}"
    if method == BEST:
        return f"{value} ({figures['best']})"
    return f"{value} ± {figures['std']:.3f}" if method == OURS and figures["std"] is not None else value


def mean_of(found: Mapping[str, Any], method: str) -> str:
    """Write a mean gain over a method, with the number of tasks where not all have it; nothing where none has."""
    if method not in found["average"]:
        return ""
    average = found["average"][method]
    of = "" if average["tasks"] == len(found["tasks"]) else f" ({average['tasks']} of {len(found['tasks'])} tasks)"
    return f"{100 * average['difference']:+.1f}{of}"


def gain_of(gain: Mapping[str, float] | None, between: str = " ") -> str:
    """Write a gain in points of Recall@10, with its 95 % interval.

    :param between: both.
    """
    if gain is None:
        return ""
    return f"{100 * gain['difference']:+.1f}{between}({100 * gain['low']:+.1f} to {100 * gain['high']:+.1f})"
