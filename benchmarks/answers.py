"""What the results answer, in a sentence or two for each question, put together from their figures."""

from collections.abc import Iterable, Mapping
from typing import Any

from pairs import Pair
from studies import FRESH, SIMILARITY, firsts, inflating, is_default, is_sure, kind_of
from task import Task

from grape_rewrite.ablation.arms import DEFAULT
from grape_rewrite.training.config import TrainingConfig


def listed(words: Iterable[str]) -> str:
    """Words as a sentence lists them.

    >>> listed(["a", "b", "c"]), listed([])
    ('a, b and c', 'none')
    """
    found = list(words)
    return " and ".join(filter(None, [", ".join(found[:-1]), found[-1]])) if found else "none"


def untrained(tasks: Mapping[str, Task]) -> str:
    """Whether training beats what needs none."""
    rows = {name: row for name, task in tasks.items() if (row := task.comparison(task.training_free, "recall@10"))}
    sure = [name for name in rows if tasks[name].verdict(tasks[name].training_free or "") == "worse"]
    rest = [f"{name} ({100 * row['difference']:+.1f})" for name, row in rows.items() if name not in sure]
    gains = [100 * rows[name]["difference"] for name in sure]
    sets, every = ({task.study.data for task in some} for some in ([tasks[name] for name in sure], tasks.values()))
    mrr = [name for name, task in tasks.items() if task.verdict(task.best_free("mrr") or "", "mrr") == "worse"]
    return (
        f"Surely in {len(sure)} of {len(rows)} studies, on {len(sets)} of {len(every)} data sets, by {min(gains):.1f} "
        f"to {max(gains):.1f} points over the best that the same model does untrained; not on {listed(rest)}. In MRR "
        f"surely in {len(mrr)}{_but(sure, mrr)}."
    )


def _but(more: list[str], fewer: list[str]) -> str:
    """Which of some studies are not among others, in words; nothing where all are."""
    left = [name for name in more if name not in fewer]
    return f", not on {listed(left)} either" if left else ""


def known_before(found: Mapping[str, Any]) -> str:
    """Whether headroom foretells what training gains.

    :param found: see `studies.foretold`.
    """
    beyond = [name for name, (room, gain) in found["rows"].items() if gain > room]
    return (
        f"Hardly: over {len(found['rows'])} data sets the rank correlation of headroom and gain is "
        f"{found['correlation']:.2f} (p = {found['p']:.2g}), and training gained more than the headroom on "
        f"{listed(beyond)}."
    )


def reinforcement(tasks: Mapping[str, Task], raced: Mapping[str, Task]) -> str:
    """Whether GRAPE beats fine-tuning on the best samples."""
    longer = [(name, task, arm) for name, task in [*tasks.items(), *raced.items()] for arm in task.longer]
    beside = [f"{task.in_short(arm)} on {name}, {task.verdict(arm)}" for name, task, arm in longer]
    later = f" Where fine-tuning is given more steps, to train for as long as the rank or longer: {'; '.join(beside)}."
    return f"At the same steps and samples fine-tuning is {by_study(tasks, 'sft')}.{later if beside else ''}"


def reward(tasks: Mapping[str, Task]) -> str:
    """Which reward is better than similarity."""
    found = f"Beside the logarithm of the rank similarity is {by_study(tasks, SIMILARITY)}."
    for name, task in tasks.items():
        others = [arm for arm in task.rewards[1:] if kind_of(task, arm) != "similarity" and SIMILARITY in task.arms]
        if others:
            gains = [f"`{arm}` {task.between(arm, SIMILARITY)}" for arm in others]
            found += f" Over similarity, on {name}: {listed(gains)}."
    return found


def inflation(tasks: dict[str, Task], strict: list[str], milder: list[str], rewarded: list[str]) -> str:
    """Whether similarity inflates scores."""
    runs = inflating(tasks)
    return (
        f"In training at times, {runs['similarity']} under similarity and {runs['rank']} under the logarithm of the "
        f"rank; at the end strictly in {len(strict)} of {len(rewarded)} studies, in a weaker sense (wrong items rise "
        f"more than under the rank, the margin less) in {len(milder)}."
    )


def candidates(tasks: Mapping[str, Task]) -> str:
    """Whether a rank needs the whole corpus."""
    rows = [(task, arm, task.comparison(arm, "recall@10")) for task in tasks.values() for arm in task.pools]
    many = [(task.verdict(arm), row) for task, arm, row in rows if row and Task.candidates(arm) >= 64]
    apart = sum(verdict != "not told apart" for verdict, _ in many)
    most = max((100 * row["high"] for _, row in many), default=0.0)
    few = [
        f"{task.verdict(arm)} on {task.folder.name} ({task.in_short(arm)})"
        for task, arm, row in rows
        if row and Task.candidates(arm) < 64
    ]
    return (
        f"Not that it shows: with 64 candidates or more {apart} of {len(many)} arms are told apart from the whole "
        f"corpus, though a loss of up to {most:.1f} points is within their intervals. Fewer are {listed(few)}. "
        f"Where the corpus can be ranked, it is cheap."
    )


def settings(tasks: Mapping[str, Task]) -> str:
    """Which settings matter."""
    rows = [(task.verdict(arm), task.comparison(arm, "recall@10")) for task in tasks.values() for arm in task.settings]
    gains = [-100 * row["difference"] for _, row in rows if row]
    told = sum(verdict not in ("not told apart", "too few seeds") for verdict, _ in rows)
    return (
        f"{told or 'None'} of {len(rows)} that were tried {'is' if told < 2 else 'are'} told apart from the default's; "
        f"they change Recall@10 by {min(gains):+.1f} to {max(gains):+.1f} points."
    )


def steps(budgets: list[Pair]) -> str:
    """What more steps bring."""
    pair = next((pair for pair in budgets if pair.differs == {"steps"} and {DEFAULT, "sft"} <= set(pair.arms)), None)
    if pair is None:
        return ""
    before, after = (task.trained_with(DEFAULT, "steps") for task in pair)
    return (
        f"On {pair.without.study.data} {after} steps instead of {before}, all else the same, bring the rank "
        f"{pair.gain(DEFAULT, 'recall@10')} and fine-tuning {pair.gain('sft', 'recall@10')}: the lead changes "
        f"by {pair.lead('sft', 'recall@10')}."
    )


def kept_apart(tasks: Mapping[str, Task], apart: list[Pair]) -> str:
    """What a rising temperature brings."""
    for task in tasks.values():
        if "constant" in task.arms:
            first, second = (task.points(row) for m in ("recall@10", "mrr") if (row := task.comparison("constant", m)))
            across = [f"{pair.gain(DEFAULT, 'recall@10')} and {pair.gain(DEFAULT, 'mrr')}" for pair in apart]
            return (
                f"It is worth {first}, in MRR {second}, beside the same study's own arm without it: "
                f"{task.verdict('constant')}. Beside another study, in part on other processors, {listed(across)}."
            )
    return ""


def other_queries(tasks: Mapping[str, Task], beyond: Mapping[str, Task]) -> str:
    """Whether the default's lead holds on queries that chose nothing."""
    fresh = [task for task in tasks.values() if task.study.data == FRESH]
    found = []
    for said, of in (("the same pictures", beyond.values()), ("pictures of other drawings", fresh)):
        rows = [task for task in of if "sft" in task.arms]
        sure = all(task.verdict("sft") == "worse" for task in rows)
        if rows:
            gains = listed(task.in_short("sft") for task in rows)
            found.append(f"{'surely' if sure else 'not surely'} for {said}, over fine-tuning {gains}")
    answer = "; ".join(found)
    return f"{answer[:1].upper()}{answer[1:]}."


def cost(tasks: Mapping[str, Task], training: Any) -> str:
    """What it costs."""
    minutes = [
        task.results["costs"][DEFAULT]["training_seconds"] / 60
        for task in tasks.values()
        if DEFAULT in task.trained and is_default(task) and not task.origin.accelerators
    ]
    text = f"{TrainingConfig().steps} steps take {min(minutes):.0f} minutes on one thread" if minutes else ""
    if training:
        ratios = training["ratios"]
        text += f", at {min(ratios):.0f} to {max(ratios):.0f} times the rewrites a second of stock TRL on two cores"
    return f"{text}." if text else ""


def harm(tasks: Mapping[str, Task]) -> str:
    """What it harms."""
    run = [task for task in tasks.values() if task.harm.of("few-shot") and task.harm.of("query2doc")]
    fewer = sum(task.harm.of(DEFAULT).worse < task.harm.of("few-shot").worse for task in run)  # type: ignore[union-attr]
    lost = sum(task.harm.of(DEFAULT).lost < task.harm.of("query2doc").lost for task in run)  # type: ignore[union-attr]
    return (
        f"In {fewer} of {len(run)} studies fewer queries are harmed than by the same prompt untrained. Of the queries "
        f"that raw finds, it loses fewer than query2doc in {lost}."
    )


def carried(tasks: Mapping[str, Task]) -> str:
    """Whether it carries over."""
    sure = [task for task in tasks.values() if task.verdict(task.training_free or "") == "worse"]

    def share(what: str) -> str:
        every, of = ({getattr(task.study, what) for task in some} for some in (tasks.values(), sure))
        return f"{len(of)} of {len(every)} {'data sets' if what == 'data' else f'{what}s'}"

    return (
        f"There are sure leads over the best untrained on {share('data')}, with {share('retriever')}, which share a "
        f"text encoder, and with {share('rewriter')}."
    )


def chance(tasks: Mapping[str, Task], drawings: Mapping[str, Any]) -> str:
    """Whether it is chance which things there are."""
    found = []
    for label, arm in (("the best untrained", None), ("fine-tuning", "sft"), ("similarity", SIMILARITY)):
        rows = [
            drawings[name][other]["recall@10"]
            for name, task in tasks.items()
            if (other := arm or task.training_free or "") in drawings.get(name, {}) and task.verdict(other) == "worse"
        ]
        found.append(f"{sum(map(is_sure, rows))} of {len(rows)} over {label}")
    return f"Of the sure leads in Recall@10 these stay sure where things are drawn too: {listed(found)}."


def rules(tasks: dict[str, Task], ruled: Mapping[str, Any]) -> str:
    """What rules can do that know the wordings."""
    found = []
    for task in firsts(tasks).values():
        rows = ruled.get(task.study.data, {})
        best = max((row["recall@10"] for label, row in rows.items() if label != "human"), default=None)
        if best is not None:
            found.append(f"{best:.3f} on {task.study.data} (GRAPE {task.mean_of(DEFAULT, task.seeds(DEFAULT)):.3f})")
    return f"The best rule, which knows the wordings of the test queries, reaches {listed(found)}."


def by_study(tasks: Mapping[str, Task], arm: str) -> str:
    """How an arm does beside GRAPE in Recall@10, by the default's settings and by others, in words."""
    words = {"worse": "surely worse", "better": "surely better", "too few seeds": "run with too few seeds"}
    parts = []
    for label, default in (("by default", True), ("with earlier settings", False)):
        found: dict[str, list[str]] = {}
        for name, task in tasks.items():
            if arm in task.arms and is_default(task) == default:
                found.setdefault(words.get(task.verdict(arm), task.verdict(arm)), []).append(name)
        said = [f"{verdict} on {listed(names)}" for verdict, names in found.items()]
        parts += [f"{label} {', '.join(said)}"] if said else []
    return "; ".join(parts)
