"""What the results say of all studies together, in numbers and in words."""

from statistics import mean
from typing import Any

from inflation import RISEN
from pairs import Pair
from scipy.stats import spearmanr
from task import ALPHA_SEEDS, Task

from grape_rewrite.ablation.arms import DEFAULT, config_of
from grape_rewrite.training.config import DEMO_STEPS, TrainingConfig

SIMILARITY = "grpo-similarity"
FRESH = "scenes-fresh"  # `scenes` of sixty other drawings, made when the default was chosen
KINDS = ("similarity", "rank", "fine-tuning", "rank among few", "other rewards")
"""What an arm learns from: the logarithm of the rank is called rank here, whatever else an arm changes."""


def is_default(task: Task) -> bool:
    """Whether a study's arms share the default's steps, their size, and how the temperature goes."""
    config, default = TrainingConfig.of(**task.study.training), TrainingConfig()
    return (config.steps, config.batch, config.distinct) == (default.steps, default.batch, default.distinct)


def firsts(tasks: dict[str, Task]) -> dict[str, Task]:
    """The first study of each data set with the steps that all of them have been given."""
    found: dict[str, tuple[str, Task]] = {}
    for name, task in tasks.items():
        if {"raw", DEFAULT} <= set(task.arms) and task.study.training.get("steps") == DEMO_STEPS:
            found.setdefault(task.study.data, (name, task))
    return dict(found.values())


def average(tasks: dict[str, Task]) -> dict[str, Any]:
    """Gains in Recall@10 over all data sets, each counted once: over raw, and over the best without training."""
    counted = firsts(tasks)
    recall = {
        name: {arm: figures["recall@10"]["mean"] for arm, figures in task.arms.items()}
        for name, task in counted.items()
    }
    gains = [recall[name][DEFAULT] - recall[name][task.training_free or "raw"] for name, task in counted.items()]
    return {
        "tasks": list(counted),
        "raw": mean(arms[DEFAULT] - arms["raw"] for arms in recall.values()),
        "training_free": mean(gains),
        "least": min(gains),
        "most": max(gains),
    }


def foretold(tasks: dict[str, Task], headroom: dict[str, Any]) -> dict[str, Any]:
    """What was to win on dev before training, in Recall@10, and what training gained on test over the same prompt.

    :return: `rows` by study: headroom and gain; `correlation` and `p`: Spearman's, over the studies.
    """
    rows = {}
    for name, found in headroom.items():
        arms = {arm: figures["recall@10"]["mean"] for arm, figures in tasks[name].arms.items()}
        recall = found["recall_at_10"]
        rows[name] = recall["best-of-group"] - recall["untrained"], arms[DEFAULT] - arms["few-shot"]
    found = spearmanr(*zip(*rows.values(), strict=True))
    return {"rows": rows, "correlation": float(found.statistic), "p": float(found.pvalue)}


def verdicts(tasks: list[Task], arm: str) -> str:
    """How an arm does beside GRAPE in Recall@10, in how many of the studies and of their data sets, in words."""
    run = [task for task in tasks if arm in task.arms]
    found: dict[str, list[Task]] = {}
    for task in run:
        found.setdefault(task.verdict(arm), []).append(task)
    sets = len({task.study.data for task in run})
    parts = [
        f"{verdict} in {len(of)} of {len(run)} studies ({len({task.study.data for task in of})} of {sets} data sets)"
        for verdict, of in sorted(found.items(), key=lambda item: -len(item[1]))
    ]
    return f"is, in Recall@10, {', '.join(parts)}"


def ahead(tasks: list[Task], arm: str, metric: str) -> str:
    """In how many runs GRAPE does better than an arm with the same seed on the same queries, in words."""
    found = [
        task.arms[DEFAULT][metric]["seeds"][seed] > task.arms[arm][metric]["seeds"][seed]
        for task in tasks
        if arm in task.arms
        for seed in task.seeds(arm)
        if seed in task.seeds(DEFAULT)
    ]
    return f"{sum(found)} of {len(found)}"


def named_where(tasks: dict[str, Task], metric: str, other: str | None = None) -> str:
    """The studies where GRAPE beats an arm, or the best without training, by more than what was published, in words.

    Where not all of the interval is above that, there is a star.
    """
    run = {name: task for name, task in tasks.items() if other is None or other in task.arms}
    arms = {name: other or task.best_free(metric) for name, task in run.items()}
    beaten = [name for name, task in run.items() if task.beats(arms[name], metric)]
    surely = {name for name, task in run.items() if task.beats(arms[name], metric, surely=True)}
    rest = [name for name in run if name not in beaten]
    named = ", ".join(name if name in surely else f"{name}\\*" for name in beaten)
    return f"{named or 'none'}{'; not on ' + ', '.join(rest) if rest else ''}"


def inflating(
    tasks: dict[str, Task], risen: float = RISEN, fallen: float = 0.0, beside: str | None = None
) -> dict[str, str]:
    """In how many runs of each kind of arm scores inflated between two looks, in words.

    :param beside: count the studies alone that have this arm, too.
    """
    counts = {}
    for kind in KINDS:
        arms = [
            (task, arm)
            for task in tasks.values()
            if beside is None or beside in task.arms
            for arm in task.watched
            if kind_of(task, arm) == kind
        ]
        runs = sum(len(task.seeds(arm)) for task, arm in arms)
        hit = sum(len({row.seed for row in task.inflation.between_looks(arm, risen, fallen)}) for task, arm in arms)
        counts[kind] = f"in {hit} of {runs} runs"
    return counts


def inflating_by(tasks: dict[str, Task]) -> list[tuple[str, str, Any, str, str]]:
    """In how many runs of each arm of similarity, and of GRAPE beside it, scores inflated between two looks.

    :return: study, arm, steps, and the two counts in words.
    """

    def count(task: Task, arm: str) -> str:
        return f"in {len({row.seed for row in task.inflation.between_looks(arm)})} of {len(task.seeds(arm))}"

    return [
        (name, arm, task.trained_with(arm, "steps"), count(task, arm), count(task, DEFAULT))
        for name, task in tasks.items()
        for arm in task.watched
        if kind_of(task, arm) == "similarity"
    ]


def kind_of(task: Task, arm: str) -> str:
    """Which of `KINDS` an arm is."""
    config = config_of({**task.study.training, **task.study.arms[arm]})
    if config.algorithm == "best-of-group":
        return "fine-tuning"
    if config.reward == "rank_log":
        return "rank" if config.pool is None else "rank among few"
    return "similarity" if config.reward == "similarity" else "other rewards"


def better(tasks: dict[str, Task]) -> str:
    """The settings of training that are better than the default by a metric, in words."""
    return ", ".join(
        f"`{arm}` on {name}"
        for name, task in tasks.items()
        for arm in task.settings
        if "better" in (task.verdict(arm), task.verdict(arm, "mrr"))
    )


def is_sure(row: dict[str, float] | None) -> bool:
    """Whether a comparison of `benchmarks/drawings.py` is beyond chance, corrected for all others of its study."""
    return row is not None and row.get("p_holm", 1.0) < ALPHA_SEEDS


def standing(tasks: dict[str, Task], drawings: dict[str, Any], metric: str, stands: bool) -> str:
    """Of the trained arms that are surely worse or better than GRAPE those that are so where things are drawn too.

    :param stands: whether those are named, in words, or the rest.
    """
    found = [
        f"`{arm}` on {name}"
        for name, task in tasks.items()
        for arm in task.trained
        if task.verdict(arm, metric) in ("worse", "better")
        and (row := drawings.get(name, {}).get(arm, {}).get(metric))
        and is_sure(row) == stands
    ]
    return ", ".join(found) or "none"


def shared(tasks: list[Task]) -> dict[str, dict[str, Any]]:
    """What one adapter reaches on several tasks: arm -> the `tasks`, and by seed what it gains in the `mean` of them.

    The gain is in Recall@10, over GRAPE of the same study, whose adapter learned each task alone. `trained_by_default`
    has how far that is ahead in Recall@10 and MRR where it was trained with the default's settings.
    """
    found: dict[str, list[Task]] = {}
    for task in tasks:
        for arm in task.several:
            if DEFAULT in task.arms:
                found.setdefault(arm, []).append(task)

    def gains(arm: str, task: Task) -> dict[int, float]:
        own, other = (task.arms[name]["recall@10"]["seeds"] for name in (DEFAULT, arm))
        return {seed: other[seed] - own[seed] for seed in other if seed in own}

    def means(arm: str, measured: list[Task]) -> dict[int, float]:
        by_task = [gains(arm, task) for task in measured]
        seeds = sorted(set.intersection(*map(set, by_task)))
        return {seed: mean(gained[seed] for gained in by_task) for seed in seeds}

    several = {arm: measured for arm, measured in found.items() if len(measured) > 1}
    return {
        arm: {
            "tasks": measured,
            "mean": means(arm, measured),
            "trained_by_default": [
                (pair, pair.ahead(arm, "recall@10"), pair.ahead(arm, "mrr"))
                for task in measured
                for other in tasks
                if is_default(other) and measures_the_same(pair := Pair(task, other))
            ],
        }
        for arm, measured in several.items()
    }


def measures_the_same(pair: Pair) -> bool:
    """Whether two studies ask the same queries of the same retriever, in one format, and the second has GRAPE."""
    shared = {"data", "retriever", "rewriter", "queries", "beyond", "precision"}
    one, other = (task.study.model_dump(include=shared) for task in pair)
    return one == other and DEFAULT in pair.other.arms
