"""Operating points, as `benchmarks/operating_points.py` measured them: means over its runs, and harm beside others'."""

from statistics import mean
from typing import Any

from harm import ratio_interval

from grape_rewrite.evaluation.operating_points import UNGUARDED


def with_means(found: dict[str, Any]) -> dict[str, Any]:
    """Return what `benchmarks/operating_points.py` measured with the means of the runs on dev.

    `points` are those of each strategy that all runs measured, `roles` what they were chosen for.
    """
    runs = [{point["strategy"]: point for point in run["dev"]} for run in found["runs"]]
    shared = [name for name in runs[0] if all(name in run for run in runs)]
    keys = ("recall", "harm", "tokens", "milliseconds")
    points = [{"strategy": name, **{key: mean(run[name][key] for run in runs) for key in keys}} for name in shared]
    roles: dict[str, list[str]] = {}
    for run in found["runs"]:
        for kind, name in run["strategies"].items():
            role = "plain" if kind == UNGUARDED else kind
            if name in shared and role not in roles.setdefault(name, []):
                roles[name].append(role)
    return {**found, "points": points, "roles": {name: ", ".join(kinds) for name, kinds in roles.items()}}


def of_harm(found: dict[str, Any], kind: str, other: dict[str, Any], reference: str) -> dict[str, Any]:
    """Return an operating point's harm on test as a `ratio` to another's, its `gain` in Recall@10, a ratio of `tokens`.

    `interval` is that of the ratio, where both are of the same runs and it is known.

    :param found: what `benchmarks/operating_points.py` measured, the means of its runs.
    :param other: the same, or what it measured of other rewriters.
    """

    def means(measured: dict[str, Any], role: str) -> dict[str, float]:
        metrics = ("harm", "recall@10", "rewrite_tokens")
        return {metric: mean(run["test"][role][metric] for run in measured["runs"]) for metric in metrics}

    ours, theirs = means(found, kind), means(other, reference)
    return {
        "ratio": ours["harm"] / theirs["harm"],
        "interval": harmed_interval(found, kind, reference) if found is other else None,
        "gain": ours["recall@10"] - theirs["recall@10"],
        "tokens": ours["rewrite_tokens"] / theirs["rewrite_tokens"],
    }


def alone(found: dict[str, Any]) -> list[float]:
    """The milliseconds of one query by the plain rewrite, one after another, in each run."""
    return [point["milliseconds"] for run in found["runs"] for point in run["dev"] if point["strategy"] == UNGUARDED]


def times(found: dict[str, Any], kind: str = "safe") -> list[str]:
    """How many times the tokens of the plain rewrite an operating point takes on test, in each run."""
    tests = [run["test"] for run in found["runs"]]
    return [f"{test[kind]['rewrite_tokens'] / test[UNGUARDED]['rewrite_tokens']:.0f}" for test in tests]


def harmed_interval(found: dict[str, Any], kind: str, reference: str) -> tuple[float, float] | None:
    """The interval of the ratio of two ways' harm in the same runs; None where queries were not kept."""
    if "clusters" not in found:
        return None
    ours, theirs = ([run["harmed"][role] for run in found["runs"]] for role in (kind, reference))
    return ratio_interval(ours, theirs, found["clusters"])
