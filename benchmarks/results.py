"""The project's results, from the runs in `docs/evidence`: `docs/results.json`, `docs/results.md`, a page a study.

    .venv/bin/python benchmarks/results.py
    .venv/bin/python benchmarks/results.py --collect runs/scenes

Each folder of `docs/evidence` is a study of `grape ablate`, of which only the small files are kept: `study.yaml`, and
`manifest.json` and `outcomes.json` of each run. `--collect` takes them from studies that have run elsewhere; the
folder's name becomes the task's. One whose runs are not all made yet waits in `begun`, and is not shown. What
`benchmarks/pools.py`, `operating_points.py`, `rules.py`, `drawings.py`, `headroom.py`, `training.py` and `demo.py`
printed lies beside them as JSON. The texts come from `benchmarks/templates`, the pictures in `docs/figures` from
`benchmarks/figures.py`; every figure in them is taken from the runs. The last line is one JSON object.
"""

import argparse
import json
from collections import Counter
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import answers
import figures
import jinja2
import studies
from evidence import DOCS, collect, read_json, read_tasks
from inflation import RISEN
from origin import NOT_KEPT, made_on
from pairs import APART, BUDGET, pairs
from points import alone, of_harm, times, with_means
from task import PAIRED, PUBLISHED, REFERENCES, Task

from grape_rewrite.ablation.arms import DEFAULT
from grape_rewrite.atomic import write_text
from grape_rewrite.evaluation.operating_points import UNGUARDED
from grape_rewrite.training.config import DEMO_STEPS, TrainingConfig

MEANINGS = {
    "grape": "learns from the best and worst half of each group",
    "keep-all": "learns from all samples of each group",
}
BOUNDS = ((0.0, 0.0), (0.005, 0.005), (0.01, 0.0), (0.01, 0.005), (0.01, 0.01), (0.02, 0.0))
"""By how much wrong items rise at least, and the margin falls, where scores are said to inflate between two looks."""


def main() -> None:
    """Collect, put together, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collect", type=Path, nargs="+", default=[], help="folders of studies")
    parser.add_argument("--docs", type=Path, default=DOCS)
    arguments = parser.parse_args()
    evidence = arguments.docs / "evidence"
    for folder in arguments.collect:
        collect(folder, evidence / folder.name)
    tasks = read_tasks(evidence)
    found = {
        name: {key: task.results[key] for key in ("arms", "comparisons", "inflation", "costs")}
        for name, task in tasks.items()
    }
    write_text(arguments.docs / "results.json", json.dumps({"tasks": found}, indent=1) + "\n")
    names = ("pools", "rules", "drawings", "training", "demo", "headroom")
    measured = {name: read_json(evidence / f"{name}.json") for name in names}
    measured["points"] = sorted(
        (with_means(read_json(file)) for file in (evidence / "operating_points").glob("*.json")),
        key=lambda found: (found["data"] != "scenes", found["data"], found["steps"]),  # the data set of the demo first
    )
    raced = {name: task for name, task in tasks.items() if DEFAULT not in task.arms}
    compared = {name: task for name, task in tasks.items() if DEFAULT in task.arms}
    require_drawn(compared, measured["drawings"])
    draw(compared, raced, measured, arguments.docs / "figures")
    beyond = {name: task for name, task in compared.items() if task.study.beyond}  # of adapters that others trained
    others = {name: task for name, task in compared.items() if name not in beyond}
    write_pages(others, beyond, raced, measured, arguments.docs)
    print(json.dumps({name: {"runs": task.results["runs"], **best_gain(task)} for name, task in tasks.items()}))


def write_pages(
    tasks: dict[str, Task], beyond: dict[str, Task], raced: dict[str, Task], measured: dict[str, Any], docs: Path
) -> None:
    """Write the results, a page for each study, and the leaderboard.

    :param tasks: the studies.
    :param beyond: those on queries that the others leave.
    :param raced: those of arms that train for about as long as each other, without GRAPE as it is by default.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def write(page: Path, template: str, **facts: Any) -> None:
        write_text(page, environment.get_template(template).render(**facts).rstrip() + "\n")

    every = list(tasks.values())
    for name, task in {**tasks, **beyond}.items():
        write(docs / "results" / f"{name}.md", "study.md.jinja", name=name, task=task, **measured)
    rewarded = {name: task for name, task in tasks.items() if studies.SIMILARITY in task.arms}
    strict = [name for name, task in rewarded.items() if task.inflation.is_strict(studies.SIMILARITY)]
    milder = [name for name, task in rewarded.items() if task.inflation.exceeds(studies.SIMILARITY)]
    budgets, apart = pairs(every, BUDGET), pairs(every, APART)
    foretold = studies.foretold(tasks, measured["headroom"]) if measured["headroom"] else None
    write(
        docs / "results.md",
        "results.md.jinja",
        tasks=tasks,
        beyond=beyond,
        fresh={name: task for name, task in tasks.items() if task.study.data == studies.FRESH},
        raced=raced,
        firsts=studies.firsts(tasks),
        average=studies.average(tasks),
        budgets=budgets,
        apart=apart,
        answers={
            "untrained": answers.untrained(tasks),
            "known_before": answers.known_before(foretold) if foretold else "",
            "reinforcement": answers.reinforcement(tasks, raced),
            "reward": answers.reward(tasks),
            "inflation": answers.inflation(tasks, strict, milder, list(rewarded)),
            "candidates": answers.candidates(tasks),
            "settings": answers.settings(tasks),
            "steps": answers.steps(budgets),
            "kept_apart": answers.kept_apart(tasks, apart),
            "other_queries": answers.other_queries(tasks, beyond),
            "cost": answers.cost(tasks, measured["training"]),
            "harm": answers.harm(tasks),
            "carried": answers.carried(tasks),
            "chance": answers.chance({**tasks, **beyond}, measured["drawings"] or {}),
            "rules": answers.rules(tasks, measured["rules"] or {}),
        },
        listed=answers.listed,
        default=TrainingConfig(),
        defaults=[name for name, task in tasks.items() if studies.is_default(task)],
        short=DEMO_STEPS,
        odd=[
            (name, config.steps, config.batch)
            for name, task in tasks.items()
            if (config := TrainingConfig.of(**task.study.training)).steps != DEMO_STEPS
            and f"-{config.steps}-" not in name
        ],
        shared=studies.shared(every),
        of_harm=of_harm,
        alone=alone,
        times=times,
        recall_of=lambda found: mean(run["test"][UNGUARDED]["recall@10"] for run in found["runs"]),
        verdicts=partial(studies.verdicts, every),
        ahead=partial(studies.ahead, every),
        named_where=partial(studies.named_where, tasks),
        better=studies.better(tasks),
        published=f"{100 * PUBLISHED:.1f}",
        risen=RISEN,
        inflated={
            name: [row for arm in task.watched for row in task.inflation.between_looks(arm)]
            for name, task in tasks.items()
        },
        inflated_runs=partial(studies.inflating, tasks),
        inflated_by=studies.inflating_by(tasks),
        not_watched=sorted({arm for task in tasks.values() for arm in task.several}),
        kinds=studies.KINDS,
        bounds=BOUNDS,
        origins=Counter(
            made_on(run.hardware)
            for task in (*every, *beyond.values(), *raced.values())
            for job, run in task.manifests.items()
            if not (job.arm in task.study.arms and task.study.source(job))
        ),
        not_kept=NOT_KEPT,
        irrelevant_kept=[name for name, task in {**tasks, **beyond}.items() if "low" in task.arms[DEFAULT]["d_neg"]],
        redrawn=[name for name, task in tasks.items() if task.study.draws > 1],
        unprinted=[name for name, task in tasks.items() if task.origin.unprinted],
        standing=partial(studies.standing, {**tasks, **beyond}, measured["drawings"] or {}),
        rewarded=list(rewarded),
        strict=strict,
        milder=milder,
        counted=lambda what: len({getattr(task.study, what) for task in every}),
        foretold=foretold,
        parameters={task.study.rewriter: task.results["costs"][DEFAULT]["trained_parameters"] for task in every},
        **measured,
    )
    for found in measured["points"]:
        page = docs / "results" / f"operating-points-{found['data']}-{found['steps']}.md"
        write(page, "operating_points.md.jinja", found=found)
    files = sorted((docs / "evidence" / "leaderboard").glob("*.json"))
    if files:
        entries = {file.stem: read_json(file) for file in files}
        write(
            docs / "leaderboard.md",
            "leaderboard.md.jinja",
            entries=entries,
            meanings=MEANINGS,
            pace=pace,
            short=DEMO_STEPS,
        )


def require_drawn(tasks: dict[str, Task], drawings: dict[str, Any] | None) -> None:
    """Require that what `benchmarks/drawings.py` measured is of these very runs.

    :raises SystemExit: when a comparison is missing there, or is another.
    """
    for name, task in tasks.items():
        if task.study.data not in PAIRED:
            continue
        for row in task.results["comparisons"]:
            drawn = (drawings or {}).get(name, {}).get(row["b"], {}).get(row["metric"])
            if drawn is None or abs(drawn["difference"] - row["difference"]) > 1e-4:
                raise SystemExit(
                    f"drawings.json is not of the runs of {name} ({row['b']}, {row['metric']}): make it anew"
                )


def pace(made: dict[str, Any]) -> float:
    """Seconds of a step of training, over the runs of an arm, without the preparations."""
    looks = [(run["looks"][0], run["looks"][-1]) for run in made["runs"]]
    seconds, steps = (sum(last[key] - first[key] for first, last in looks) for key in ("seconds", "step"))
    return seconds / steps


def draw(tasks: dict[str, Task], raced: dict[str, Task], measured: dict[str, Any], folder: Path) -> None:
    """Draw all pictures."""
    for name, task in raced.items():
        figures.race(task.results["training"], folder / f"{name}-race.svg")
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


def best_gain(task: Task) -> dict[str, Any]:
    """What GRAPE gains over the best training-free arm in Recall@10, as numbers; empty when it was not run."""
    row = task.comparison(task.training_free, "recall@10")
    return {key: row[key] for key in ("b", "difference", "low", "high", "p_holm")} if row else {}


if __name__ == "__main__":
    main()
