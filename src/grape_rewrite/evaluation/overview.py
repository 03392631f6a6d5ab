"""Several tasks in one table, with what training gains in the mean."""

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from typing import Any

from grape_rewrite.errors import UserError
from grape_rewrite.evaluation.evaluation import EVALUATION

METRIC = "recall@10"
OURS = "grape"
SHOWN = ("raw", "zero-shot", "few-shot")
GAIN = ("a", "b", "metric", "difference", "low", "high", "p")


def read_evaluation(folder: Path) -> dict[str, Any]:
    """Read the `evaluation.json` of a folder that `grape evaluate` or `grape demo` wrote.

    :raises UserError: when it is missing or another file, or has no trained rewriter in it.
    """
    file = folder / EVALUATION
    try:
        summary = json.loads(file.read_text(encoding="utf-8"))
        methods = summary["methods"]
        found = {name: float(methods[name][METRIC]) for name in (*SHOWN, OURS) if name in methods}
        rows = [{key: row[key] for key in GAIN} for row in summary["comparisons"]]
        int(summary["queries"])
    except FileNotFoundError:
        raise UserError(f"{folder} has no {EVALUATION}; name a folder that grape evaluate wrote") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{file} is no evaluation of grape evaluate: {error}") from error
    if not {"raw", OURS} <= found.keys() or not rows:
        raise UserError(f"{file} has no trained rewriter beside raw queries; it has {', '.join(methods)}")
    return dict(summary)


def overview(evaluations: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Put evaluations side by side.

    :param evaluations: task -> what `read_evaluation` returns.
    :return: `tasks` (name -> Recall@10 of each method of `SHOWN` that there is and of the trained rewriter, and
        `gains`: method -> difference, low, high, p), and `average`, method -> the mean gain over the tasks that have
        it, and their number.
    """
    tasks = {
        name: {
            "queries": summary["queries"],
            **{method: summary["methods"][method][METRIC] for method in (*SHOWN, OURS) if method in summary["methods"]},
            "gains": {
                row["b"]: {key: row[key] for key in ("difference", "low", "high", "p")}
                for row in summary["comparisons"]
                if row["a"] == OURS and row["b"] in SHOWN and row["metric"] == METRIC
            },
        }
        for name, summary in evaluations.items()
    }
    gains = {
        method: [task["gains"][method]["difference"] for task in tasks.values() if method in task["gains"]]
        for method in SHOWN
    }
    average = {method: {"difference": mean(found), "tasks": len(found)} for method, found in gains.items() if found}
    return {"tasks": tasks, "average": average}


def markdown(found: Mapping[str, Any]) -> str:
    """Write an overview as a Markdown table."""
    names = [method for method in SHOWN if method in found["average"]]
    heads = ["task", "queries", *names, OURS, *(f"gain over {method}" for method in names)]
    lines = [heads, ["---"] * len(heads)]
    for task, figures in found["tasks"].items():
        values = [f"{figures[method]:.3f}" if method in figures else "" for method in (*names, OURS)]
        lines.append(
            [task, str(figures["queries"]), *values, *(gain_of(figures["gains"].get(method)) for method in names)]
        )
    means = [mean_of(found, method) for method in names]
    lines.append(["average", *[""] * (2 + len(names)), *means])
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def mean_of(found: Mapping[str, Any], method: str) -> str:
    """Write a mean gain over a method, with the number of tasks where not all have it."""
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
