"""The project's results, from the runs in `docs/evidence`: `docs/results.json`, `docs/results.md`, a page a study.

    .venv/bin/python benchmarks/results.py
    .venv/bin/python benchmarks/results.py --collect runs/scenes

Each folder of `docs/evidence` is a study of `grape ablate`, of which only the small files are kept: `study.yaml`, and
`manifest.json` and `outcomes.json` of each run. `--collect` takes them from studies that have run elsewhere; the
folder's name becomes the task's. What `benchmarks/pools.py`, `operating_points.py`, `rules.py`, `drawings.py`,
`headroom.py`, `training.py` and `demo.py` printed lies beside them as JSON. The texts come from `benchmarks/templates`,
the pictures in `docs/figures` from `benchmarks/figures.py`; every figure in them is taken from the runs. The last line
is one JSON object.
"""

import argparse
import json
import shutil
from collections import Counter
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import figures
import jinja2
from harm import ratio_interval
from inflation import RISEN
from origin import NOT_KEPT, made_on
from pairs import APART, BUDGET, pairs
from scipy.stats import spearmanr
from task import PUBLISHED, REFERENCES, Task

from grape_rewrite.ablation import read_study
from grape_rewrite.ablation.arms import DEFAULT
from grape_rewrite.ablation.manifest import MANIFEST, read_manifest
from grape_rewrite.ablation.outcomes import OUTCOMES
from grape_rewrite.ablation.study import STUDY
from grape_rewrite.atomic import write_text
from grape_rewrite.evaluation.operating_points import UNGUARDED
from grape_rewrite.training.config import DEMO_STEPS, TrainingConfig

MEANINGS = {
    "grape": "learns from the best and worst half of each group",
    "keep-all": "learns from all samples of each group",
}
SIMILARITY = "grpo-similarity"
KINDS = (DEFAULT, "sft", SIMILARITY)
OTHERS = "others"
BOUNDS = ((0.0, 0.0), (0.005, 0.005), (0.01, 0.0), (0.01, 0.005), (0.01, 0.01), (0.02, 0.0))
"""By how much wrong items rise at least, and the margin falls, where scores are said to inflate between two looks."""
DOCS = Path(__file__).parent.parent / "docs"


def main() -> None:
    """Collect, put together, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collect", type=Path, nargs="+", default=[], help="folders of studies")
    parser.add_argument("--docs", type=Path, default=DOCS)
    arguments = parser.parse_args()
    for folder in arguments.collect:
        collect(folder, arguments.docs / "evidence" / folder.name)
    tasks = {path.parent.name: Task(path.parent) for path in sorted((arguments.docs / "evidence").glob(f"*/{STUDY}"))}
    found = {
        name: {key: task.results[key] for key in ("arms", "comparisons", "inflation", "costs")}
        for name, task in tasks.items()
    }
    write_text(arguments.docs / "results.json", json.dumps({"tasks": found}, indent=1) + "\n")
    measured = {
        name: json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        for name in ("pools", "rules", "drawings", "training", "demo", "headroom")
        for path in [arguments.docs / "evidence" / f"{name}.json"]
    }
    files = (arguments.docs / "evidence" / "operating_points").glob("*.json")
    measured["points"] = sorted(
        (with_means(json.loads(file.read_text(encoding="utf-8"))) for file in files),
        key=lambda found: (found["data"] != "scenes", found["data"], found["steps"]),  # the data set of the demo first
    )
    begun = {name: task for name, task in tasks.items() if DEFAULT in task.arms}
    draw(begun, measured, arguments.docs / "figures")
    fresh = {name: task for name, task in begun.items() if task.study.beyond}  # of adapters that others have trained
    write_pages({name: task for name, task in begun.items() if name not in fresh}, fresh, measured, arguments.docs)
    print(json.dumps({name: {"runs": task.results["runs"], **best_gain(task)} for name, task in tasks.items()}))


def write_pages(tasks: dict[str, Task], fresh: dict[str, Task], measured: dict[str, Any], docs: Path) -> None:
    """Write the results, a page for each study, and the leaderboard.

    :param tasks: the studies.
    :param fresh: those on queries that the others leave.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def write(page: Path, template: str, **facts: Any) -> None:
        write_text(page, environment.get_template(template).render(**facts).rstrip() + "\n")

    studies = list(tasks.values())
    for name, task in {**tasks, **fresh}.items():
        write(docs / "results" / f"{name}.md", "study.md.jinja", name=name, task=task, **measured)
    rewarded = {name: task for name, task in tasks.items() if SIMILARITY in task.arms}
    write(
        docs / "results.md",
        "results.md.jinja",
        tasks=tasks,
        fresh=fresh,
        firsts=firsts(tasks),
        average=average(tasks),
        budgets=pairs(studies, BUDGET),
        apart=pairs(studies, APART),
        default=TrainingConfig(),
        defaults=[name for name, task in tasks.items() if is_default(task)],
        short=DEMO_STEPS,
        shared=shared(studies),
        of_harm=of_harm,
        recall_of=lambda found: mean(run["test"][UNGUARDED]["recall@10"] for run in found["runs"]),
        verdicts=partial(verdicts, studies),
        ahead=partial(ahead, studies),
        named_where=partial(named_where, tasks),
        better=better(tasks),
        published=f"{100 * PUBLISHED:.1f}",
        risen=RISEN,
        inflated={
            name: [row for arm in task.watched for row in task.inflation.between_looks(arm)]
            for name, task in tasks.items()
        },
        inflated_runs=partial(inflating, tasks),
        bounds=BOUNDS,
        origins=Counter(made_on(run.hardware) for task in studies for run in task.manifests.values()),
        not_kept=NOT_KEPT,
        undone=partial(undone, tasks, measured["drawings"] or {}),
        rewarded=list(rewarded),
        strict=[name for name, task in rewarded.items() if task.inflation.is_strict(SIMILARITY)],
        milder=[name for name, task in rewarded.items() if task.inflation.exceeds(SIMILARITY)],
        counted=lambda what: len({getattr(task.study, what) for task in studies}),
        foretold=foretold(tasks, measured["headroom"]) if measured["headroom"] else None,
        parameters={task.study.rewriter: task.results["costs"][DEFAULT]["trained_parameters"] for task in studies},
        **measured,
    )
    for found in measured["points"]:
        page = docs / "results" / f"operating-points-{found['data']}-{found['steps']}.md"
        write(page, "operating_points.md.jinja", found=found)
    files = sorted((docs / "evidence" / "leaderboard").glob("*.json"))
    if files:
        entries = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}
        write(
            docs / "leaderboard.md",
            "leaderboard.md.jinja",
            entries=entries,
            meanings=MEANINGS,
            pace=pace,
            short=DEMO_STEPS,
        )


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

    :return: `rows` by study: headroom and gain; `correlation`: Spearman's, over the studies.
    """
    rows = {}
    for name, found in headroom.items():
        arms = {arm: figures["recall@10"]["mean"] for arm, figures in tasks[name].arms.items()}
        recall = found["recall_at_10"]
        rows[name] = recall["best-of-group"] - recall["untrained"], arms[DEFAULT] - arms["few-shot"]
    return {"rows": rows, "correlation": float(spearmanr(*zip(*rows.values(), strict=True)).statistic)}


def pace(made: dict[str, Any]) -> float:
    """Seconds of a step of training, over the runs of an arm, without the preparations."""
    looks = [(run["looks"][0], run["looks"][-1]) for run in made["runs"]]
    seconds, steps = (sum(last[key] - first[key] for first, last in looks) for key in ("seconds", "step"))
    return seconds / steps


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
    for kind in (SIMILARITY, DEFAULT, "sft", OTHERS):
        arms = [
            (task, arm)
            for task in tasks.values()
            if beside is None or beside in task.arms
            for arm in task.watched
            if arm == kind or (kind == OTHERS and arm not in KINDS)
        ]
        runs = sum(len(task.seeds(arm)) for task, arm in arms)
        hit = sum(len({row.seed for row in task.inflation.between_looks(arm, risen, fallen)}) for task, arm in arms)
        counts[kind] = f"in {hit} of {runs} runs"
    return counts


def better(tasks: dict[str, Task]) -> str:
    """The settings of training that are better than the default by a metric, in words."""
    return ", ".join(
        f"`{arm}` on {name}"
        for name, task in tasks.items()
        for arm in task.settings
        if "better" in (task.verdict(arm), task.verdict(arm, "mrr"))
    )


def undone(tasks: dict[str, Task], drawings: dict[str, Any], metric: str) -> str:
    """The trained arms that are worse or better than GRAPE, but not where things are drawn too, in words."""
    found = [
        f"`{arm}` on {name}"
        for name, task in tasks.items()
        for arm in task.trained
        if task.verdict(arm, metric) in ("worse", "better")
        and (row := drawings.get(name, {}).get(arm, {}).get(metric))
        and row["low"] <= 0 <= row["high"]
    ]
    return ", ".join(found) or "none"


def shared(tasks: list[Task]) -> dict[str, dict[str, Any]]:
    """What one adapter reaches on several tasks: arm -> the `tasks`, and by seed what it gains in the `mean` of them.

    The gain is in Recall@10, over the default, whose adapter learned each task alone.
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
    return {arm: {"tasks": measured, "mean": means(arm, measured)} for arm, measured in several.items()}


def draw(tasks: dict[str, Task], measured: dict[str, Any], folder: Path) -> None:
    """Draw all pictures."""
    for name, task in tasks.items():
        references = sorted(REFERENCES & set(task.arms))
        figures.arms(task.arms, task.trained, references, folder / f"{name}-arms.svg")
        if task.rewards:
            scores = {arm: [task.inflation.rises(arm, key) for key in ("d_hard", "margin")] for arm in task.rewards}
            figures.inflation(scores, folder / f"{name}-inflation.svg")
        if len(task.pools) > 1:
            sizes = {task.candidates(arm): task.arms[arm]["recall@10"] for arm in task.pools}
            figures.candidates(sizes, task.arms[DEFAULT]["recall@10"], folder / f"{name}-candidates.svg")
        if task.rewards and task.inflation.scattered:
            figures.scatter(
                {arm: task.inflation.scores(arm) for arm in task.inflation.scattered}, folder / f"{name}-scatter.svg"
            )
    if measured["pools"]:
        figures.pools(measured["pools"], folder / "pools.svg")
    for found in measured["points"]:
        figures.tradeoff(found["points"], found["roles"], folder / f"tradeoff-{found['data']}-{found['steps']}.svg")


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


def harmed_interval(found: dict[str, Any], kind: str, reference: str) -> tuple[float, float] | None:
    """The interval of the ratio of two ways' harm in the same runs; None where queries were not kept."""
    if "clusters" not in found:
        return None
    ours, theirs = ([run["harmed"][role] for run in found["runs"]] for role in (kind, reference))
    return ratio_interval(ours, theirs, found["clusters"])


def collect(study: Path, target: Path) -> None:
    """Copy the small files of a study's complete runs."""
    jobs = list(read_study(study).jobs())  # a mistyped folder leaves nothing behind
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(study / STUDY, target)
    for job in jobs:
        folder = job.folder(study)
        if read_manifest(folder):
            kept = job.folder(target)
            kept.mkdir(parents=True, exist_ok=True)
            for name in (OUTCOMES, MANIFEST):
                shutil.copy(folder / name, kept)


def best_gain(task: Task) -> dict[str, Any]:
    """What GRAPE gains over the best training-free arm in Recall@10, as numbers; empty when it was not run."""
    row = task.comparison(task.training_free, "recall@10")
    return {key: row[key] for key in ("b", "difference", "low", "high", "p_holm")} if row else {}


if __name__ == "__main__":
    main()
