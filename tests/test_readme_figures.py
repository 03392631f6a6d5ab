"""Each figure that the README names is the one of what it names, as `docs/results.json` and `docs/evidence` have it."""

import itertools
import json
import re
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from grape_rewrite.ablation import read_study
from grape_rewrite.training import TrainingConfig

ROOT = Path(__file__).parent.parent
EVIDENCE = ROOT / "docs" / "evidence"
NAMES = {"raw": "raw", "similarity": "grpo-similarity", "fine-tuning": "sft", "GRAPE": "grape", "human": "english"}
LEADS = "| study | arm | Recall@10 | MRR | GRAPE's lead"
REWARDS = (
    "grape",
    *(f"grpo-{name}" for name in ("contrastive", "margin", "ndcg", "reciprocal_rank", "rank_linear", "similarity")),
)
SETTINGS = ("keep-all", "kl", "group=4", "group=16", "scale-group", "no-length", "no-form", "oversample")
FIGURE = re.compile(
    r"in \d+ of \d+ runs|\d+ %|(?:between )?\d+\.\d and \d+\.\d points|-?\d+\.\d+(?: (?:to|±) -?\d+\.\d+)?"
)
BOUNDS = {"0.001", "0.01", "0.005", "95 %"}  # of p-values, of scores, of intervals
SHORT = {
    "scenes": "scenes-bfloat16",
    "composed": "composed-bfloat16",
    "paragraphs": "paragraphs-bfloat16",
    "definitions-5k": "definitions-5k-bfloat16",
}
SHOWN = ("scenes", "composed", "paragraphs")
DEFAULT = {
    "scenes": "scenes-160-distinct-bfloat16",
    "scenes, its other 1,898 test queries: the same pictures, in other languages": "scenes-160-distinct-rest-bfloat16",
    "scenes-fresh": "scenes-fresh-160-distinct-float32",
    "composed": "composed-160-distinct-bfloat16",
}


def test_short_training() -> None:
    rows = readme_table("| task | raw | best untrained | similarity | fine-tuning | GRAPE | human |")
    assert len(rows) >= 5
    for cells in rows:
        study = cells["task"] if cells["task"] in tasks() else SHORT[cells["task"]]
        for head, arm in NAMES.items():
            assert cells[head] == (shown(study, arm) if arm in tasks()[study]["arms"] else ""), (study, arm)
        assert cells["best untrained"] == shown(study, best_free(study)), study
        assert len(training_free(study)) == (22 if cells["task"] == "composed" else 10)
        assert figures(cells["points over best untrained"]) == gain(study, best_free(study))
        assert figures(cells["over fine-tuning"]) == (gain(study, "sft") if "sft" in tasks()[study]["arms"] else [])
        tests = [
            comparison(study, best_free(study), metric)[p]
            for metric in ("recall@10", "mrr")
            for p in ("p_holm", "p_seeds_holm")
        ]
        assert (max(tests) < 0.001) == (study != "emoji")
        seeds = tasks()[study]["arms"]["grape"]["recall@10"]["seeds"]
        assert len(seeds) == {"scenes": 5, "emoji": 6}.get(study, 3), study
    assert comparison("emoji", best_free("emoji"))["p_holm"] > 0.05
    studies = ("scenes", SHORT["composed"], SHORT["paragraphs"], SHORT["definitions-5k"])
    assert [told(study, "sft") for study in studies] == ["sure", "perhaps", "perhaps", "not"]
    assert [told(study, "sft", "mrr") for study in studies] == ["perhaps", "not", "perhaps", "not"]


def test_the_default() -> None:
    rows = {
        row["task"]: row
        for row in readme_table("| task | raw | best untrained | similarity | fine-tuning | GRAPE | points")
    }
    assert set(rows) == set(DEFAULT)
    for name, study in DEFAULT.items():
        for head, arm in NAMES.items():
            if head in rows[name]:
                assert rows[name][head] == shown(study, arm), (study, arm)
        assert rows[name]["best untrained"] == shown(study, best_free(study)), study
        assert figures(rows[name]["points over fine-tuning"]) == gain(study, "sft")
        assert figures(rows[name]["in MRR"]) == gain(study, "sft", "mrr")
    study, rest, fresh, composed = DEFAULT.values()
    drawn = json.loads((EVIDENCE / "drawings.json").read_text())
    assert quoted("On `scenes-fresh`") == [
        *gain(fresh, "grpo-similarity"),
        interval(drawn[fresh]["sft"]["recall@10"]),
        interval(drawn[fresh]["grpo-similarity"]["recall@10"]),
    ]
    assert quoted("On `scenes`") == [
        interval(drawn[study]["sft"]["recall@10"]),
        shown(study, "sft-214"),
        *gain(study, "sft-214"),
    ]
    assert quoted("The rising temperature") == [*gain(study, "constant"), *gain(study, "constant", "mrr")]
    for measured in (study, rest, fresh):
        for arm, metric in itertools.product((best_free(measured), "sft"), ("recall@10", "mrr")):
            assert told(measured, arm, metric) == "sure"
        seeds = {arm: len(tasks()[measured]["arms"][arm]["recall@10"]["seeds"]) for arm in NAMES.values()}
        similar = 3 if measured == fresh else 2
        assert seeds == {"raw": 1, "english": 1, "grape": 5, "sft": 5, "grpo-similarity": similar}
    for metric in ("recall@10", "mrr"):
        assert told(fresh, "grpo-similarity", metric) == "sure"
    costs = tasks()[study]["costs"]
    assert costs["grape"]["training_seconds"] < costs["sft-214"]["training_seconds"]
    seeds = {arm: len(tasks()[study]["arms"][arm]["recall@10"]["seeds"]) for arm in ("constant", "sft-214")}
    assert seeds == {"constant": 3, "sft-214": 3}
    for arm, metric in itertools.product(("constant", "sft-214"), ("recall@10", "mrr")):
        assert comparison(study, arm, metric)["low"] < 0
    for measured in (study, rest, fresh):
        assert min(comparison(measured, "sft", metric)["low"] for metric in ("recall@10", "mrr")) > 0
    manifests = [json.loads(file.read_text()) for file in (EVIDENCE / study / "grape").glob("*/manifest.json")]
    minutes = [manifest["training_seconds"] / 60 for manifest in manifests]
    assert f"takes {min(minutes):.0f} to {max(minutes):.0f} minutes on one thread" in readme()
    assert 35 < mean(minutes) < 45  # "40 minutes", as it begins
    told_first = ("raw", best_free(study), "grape", "grpo-similarity", "sft", "sft-214")
    percent = [f"{100 * recall(study, arm):.0f} %" for arm in told_first]
    elsewhere = ("grape", "grpo-similarity", "sft", best_free(fresh))
    percent += [f"{100 * recall(fresh, arm):.0f} %" for arm in elsewhere]
    beginning = readme().split("## Two commands")[0]
    assert re.findall(r"\d+ %", beginning) == percent
    config = read_study(EVIDENCE / study).training
    default = TrainingConfig()
    assert (config["steps"], config["distinct"]) == (default.steps, default.distinct) == (160, 0.75)
    for arm in ("sft", "grpo-similarity", "grpo-reciprocal_rank"):
        assert told(composed, arm) == "not"
    assert told(composed, best_free(composed)) == "sure"
    assert told(composed, best_free(composed, "mrr"), "mrr") != "sure"
    others = [*(name for name in SHORT.values() if name != SHORT["scenes"]), fresh, composed, "definitions", "emoji"]
    assert len({read_study(EVIDENCE / name).data for name in others}) == 6
    gains = [100 * comparison(name, best_free(name))["difference"] for name in others]
    said = f"On all six other tasks it gains {min(gains):.0f} to {max(gains):.0f} points over the best without training"
    assert said in beginning
    assert [name for name in others if told(name, best_free(name)) != "sure"] == ["emoji"]


def test_the_reward() -> None:
    study = SHORT["scenes"]
    rows = readme_table("| reward | Recall@10 |")
    assert len(rows) == len(REWARDS) == sum(arm == "grape" or arm.startswith("grpo-") for arm in tasks()[study]["arms"])
    for arm, cells in zip(REWARDS, rows, strict=True):
        assert (cells["Recall@10"], cells["wrong items gain"]) == (shown(study, arm), share(study, arm)), arm
        assert figures(cells["points below the first"]) == ([] if arm == "grape" else gain(study, arm)), arm
        assert figures(cells["points over similarity"]) == over_similarity(study, arm), arm
    for name, said in {
        "scenes": "sure",
        study: "perhaps",
        **{SHORT["composed"]: "perhaps", SHORT["definitions-5k"]: "perhaps", SHORT["paragraphs"]: "not"},
    }.items():
        assert told(name, "grpo-similarity") == said, name
    worse = set(REWARDS) - {"grape", "grpo-contrastive"}
    assert all(comparison(study, arm)["p_holm"] < 0.01 for arm in worse)
    below = re.search(r"the rewards are below that, with these seeds, by (.*?): which", results())[1]
    matched = {arm: points for points, arm in re.findall(r"(\d\.\d) \(`grpo-(\w+)`\)", below)}
    assert quoted("The logarithm of the rank beats similarity") == [
        *gain("scenes", "grpo-similarity"),
        *(
            part
            for name in ("composed", "definitions-5k", "paragraphs")
            for part in gain(SHORT[name], "grpo-similarity")
        ),
        matched["margin"],
        f"{matched['ndcg']} and {matched['contrastive']} points",
        matched["rank_linear"],
    ]


def test_inflation() -> None:
    rows = {row[""]: row for row in readme_table("| | `scenes` | `composed` |", first="")}
    assert list(rows) == ["under similarity", "under the rank", "fine-tuned"]
    for row, arm in zip(rows.values(), ("grpo-similarity", "grape", "sft"), strict=True):
        for name, cell in itertools.islice(row.items(), 1, None):
            study = name if name == "scenes" else SHORT[name]
            assert cell == share(study, arm), (name, arm)
            assert learned(study, arm, "d_hard") <= learned(study, "grpo-similarity", "d_hard")
            assert learned(study, arm, "margin") >= learned(study, "grpo-similarity", "margin")
    counts = {row[:2]: row[2:5] for row in rows_under("| hard negatives rise by |")}
    said = re.search(r"\[At some time in training\](.*?)!\[", readme())[1]
    assert figures_in(said) == [*counts["0.01", "0.0"], *counts["0.0", "0.0"]]
    linear, logarithm, similarity = (
        (recall(SHORT["scenes"], arm), int(share(SHORT["scenes"], arm).split()[0]))
        for arm in ("grpo-rank_linear", "grape", "grpo-similarity")
    )
    assert abs(linear[1] - logarithm[1]) < 5 < similarity[1] - linear[1]  # inflates as little as the logarithm
    assert abs(linear[0] - similarity[0]) < 0.01 < logarithm[0] - linear[0]  # and finds no more than similarity
    for inflated in counts.values():
        similarity, rank, tuned = (int(runs) / int(of) for runs, of in map(re.compile(r"\d+").findall, inflated))
        assert similarity > max(rank, tuned)
    looks = rows_under("| study | arm | seed | steps | hard negatives |")
    inflated = [row for row in looks if row[1] == "grpo-similarity"]
    assert len({row[:4] for row in inflated}) == len(inflated) > 10
    assert any(float(row[6]) > 0 for row in inflated)  # Recall@10 rises nevertheless


def test_harm() -> None:
    rows = readme_table("| | worse: best untrained |", first="")
    lost = {row[0]: row[1:] for row in rows_under("| study | queries found by raw |")}
    studies = {"scenes, the default": DEFAULT["scenes"], **{name: SHORT[name] for name in (*SHOWN, "definitions-5k")}}
    assert [row[""] for row in rows] == list(studies)
    for row, study in zip(rows, studies.values(), strict=True):
        for head, arm in (("best untrained", best_free(study)), ("query2doc", "query2doc"), ("GRAPE", "grape")):
            assert row[f"worse: {head}"] == f"{tasks()[study]['arms'][arm]['harm']['mean']:.3f}", (study, arm)
        assert [row[f"lost: {head}"] for head in ("best untrained", "query2doc", "GRAPE")] == [
            lost[study][column] for column in (3, 2, 6)
        ]
        worse = [float(row[f"worse: {head}"]) for head in ("best untrained", "query2doc", "GRAPE")]
        assert min(worse) == worse[2]
        assert row["found by raw"] == lost[study][0].split()[0]
    fewer = {row[""] for row in rows if float(row["lost: query2doc"]) < float(row["lost: GRAPE"])}
    assert fewer == set(studies) - {"composed"}
    points = results().split("#### `scenes`, 160 steps of training, the default")[1].split("## ")[0]
    plain = re.search(
        r"The safe point has (\S+) \((\S+ to \S+)\) of the plain rewrite's harm, at \+(\S+) points of Recall@10, "
        r"for 8 times the tokens \([^)]*\), the mildest (\S+) \((\S+ to \S+)\), at -(\S+), ",
        points,
    )
    untrained = re.search(r"untrained the safe point has (\S+) \((\S+ to \S+)\), at \+(\S+) points", points)
    assert float(plain[4]) > 1 / 3
    said = re.search(r"for eight times the tokens\) \[has (.*?)at (\S+) points less\.", readme())
    assert figures_in(said[0]) == [*plain.groups()[:3], *untrained.groups(), *plain.groups()[3:]]


def test_more_questions() -> None:
    losses = [100 * comparison("scenes-bfloat16", arm)["difference"] for arm in SETTINGS]
    rules = json.loads((EVIDENCE / "rules.json").read_text())
    ruled = [rules["composed"][f"its own wordings{more}"] for more in ("", ", names translated")]
    denial = rules["paragraphs"]["words of denial"]["recall@10"]
    matched = re.search(r"from which the arms of scenes-bfloat16 differ by (.*?) points\.", results())[1]
    below = [-float(points) for points in re.findall(r"(-\d\.\d) \(", matched)]
    assert len(below) == len(SETTINGS)
    own = re.search(
        r"are ahead of it by (\S+ \(\S+ to \S+\)) points on composed, .*? and by (\S+ \(\S+ to \S+\)) points on "
        "scenes,",
        results(),
    )
    *_, in_neither = rows_under("| languages | few-shot")
    assert in_neither[0].endswith("ko, tr")
    said = readme().split("### More questions")[1].split("[docs/results.md](docs/results.md) answers")[0]
    assert figures_in(said) == [
        *gain("scenes", "pool-16"),
        *gain(SHORT["definitions-5k"], "pool-16"),
        f"between {min(losses):.1f} and {max(losses):.1f} points",
        *(f"{points:.1f}" for points in (min(below), max(below))),
        *(part for arm in ("grape", "sft") for part in by_other_steps("scenes-160-bfloat16", arm)),
        *(shown(SHORT[name], "all-shifts") for name in SHOWN),
        *figures(own[2]),
        *figures(own[1]),
        *figures(in_neither[4]),
        *figures(in_neither[5].split(": ")[1]),
        *gain("paragraphs-smollm2", "few-shot"),
        *gain(SHORT["paragraphs"], "few-shot"),
        *(f"{row['recall@10']:.3f}" for row in ruled),
        f"{denial:.3f}",
        f"{100 * (recall(SHORT['paragraphs'], 'grape') - denial):.1f}",
    ]
    assert told("scenes", "pool-16") == "perhaps"
    assert told(SHORT["definitions-5k"], "pool-16") == "not"
    assert {told(SHORT["definitions-5k"], f"pool-{size}") for size in (64, 256, 1024)} == {"not"}
    assert {told(SHORT[name], "all-shifts") for name in SHOWN} == {"not"}
    assert {told("scenes-bfloat16", arm) for arm in SETTINGS} == {"not"}
    assert comparison("paragraphs-smollm2", "raw")["p_holm"] > 0.05
    assert min(losses) > 0
    known = {*SETTINGS, "all-shifts", "sft", "grape", "similarity-without-length"}
    arms = {name for name in tasks()["scenes-bfloat16"]["arms"] if name not in training_free("scenes-bfloat16")}
    assert {arm for arm in arms if not arm.startswith(("grpo-", "pool-", "languages="))} == known | {"english"}


def test_where_drawings_are_drawn_too() -> None:
    drawn = json.loads((EVIDENCE / "drawings.json").read_text())
    standing = []
    for study, rows in drawn.items():
        if told(study, best_free(study)) == "sure":
            assert rows[best_free(study)]["recall@10"]["p_holm"] < 0.05, study
        trained = set(tasks()[study]["arms"]) - {*training_free(study), "english", "grape"}
        for arm, metric in itertools.product(trained, ("recall@10", "mrr")):
            if told(study, arm, metric) == "sure" and rows[arm][metric]["p_holm"] < 0.05:
                standing.append((study, arm, metric))
    study, rest, fresh, _ = DEFAULT.values()
    said = [(study, "sft"), (rest, "sft"), (fresh, "sft"), (fresh, "grpo-similarity")]
    assert sorted(standing) == sorted((*lead, metric) for lead in said for metric in ("recall@10", "mrr"))


def test_costs() -> None:
    text = readme()
    demo, training = (json.loads((EVIDENCE / f"{name}.json").read_text()) for name in ("demo", "training"))
    first, again = demo["runs"]
    takes = f"{first['seconds'] / 60:.0f} minutes and {first['peak_gb']:.1f} GB of memory the first time"
    assert f"{takes}, installation included, and {again['seconds'] / 60:.0f} minutes again" in text
    ours, stock = ([found[kind] for found in training["rounds"]] for kind in ("ours", "stock"))
    pace, usual = ([found["rewrites_per_second"] for found in runs] for runs in (ours, stock))
    ratios = [ours / stock for ours, stock in zip(pace, usual, strict=True)]
    assert training["ratios"] == pytest.approx(ratios)
    assert f"**{min(ratios):.0f} to {max(ratios):.0f} times** the rewrites a second" in text
    assert f"({min(pace):.1f} to {max(pace):.1f}, and {min(usual):.2f} to {max(usual):.2f})" in text
    held, most = (max(found["peak_gb"] for found in runs) for runs in (ours, stock))
    assert f"**{held / most:.2f}** of the peak memory ({held:.1f} and {most:.1f} GB)" in text
    tokens = [runs[0]["tokens"] for runs in (ours, stock)]
    assert f"Ours are {tokens[0]:.1f} tokens long" in text
    more = [ratio * mine["tokens"] / other["tokens"] for ratio, mine, other in zip(ratios, ours, stock, strict=True)]
    longer = (
        f"words that the retriever does not know, {tokens[1]:.1f}; in tokens a second it is {min(more):.0f} to "
        f"{max(more):.0f} times"
    )
    assert longer in text
    half = json.loads((EVIDENCE / "leaderboard" / "learning-from-half-of-each-group.json").read_text())
    default = half["arms"]["grape"]
    assert f"it takes {default['median_seconds']:.0f} seconds of training on `scenes`" in text
    first = default["runs"][0]["looks"][0]["recall@10"]
    assert f"passes {half['bar']}, from {first:.2f} of the prompt untrained" in text


def told(study: str, arm: str, metric: str = "recall@10") -> str:
    """How sure a lead is, in the README's words."""
    found = comparison(study, arm, metric)
    if found["p_holm"] >= 0.01 or found["low"] <= 0 <= found["high"]:
        return "not"
    return "sure" if found["p_seeds_holm"] < 0.05 else "perhaps"


def quoted(head: str) -> list[str]:
    """The figures of a paragraph in their order: all with a decimal point, shares and counts of runs; no bounds."""
    paragraph = re.search(rf"\*\*{re.escape(head)}\*\*(.*?)(?=\*\*|!\[|###)", readme())[1]
    return figures_in(paragraph)


def figures_in(text: str) -> list[str]:
    return [figure for figure in FIGURE.findall(text) if figure not in BOUNDS]


def readme_table(head: str, first: str | None = None) -> list[dict[str, str]]:
    """The rows of a table of the README as dictionaries, by how its head begins.

    :param first: what the first column is called, where its head says more.
    """
    lines = (ROOT / "README.md").read_text().splitlines()
    start = next(row for row, line in enumerate(lines) if line.startswith(head))
    heads, *rows = (
        [cell.strip("*` ").replace("`", "") for cell in line.strip("|").split("|")]
        for line in itertools.takewhile(lambda line: line.startswith("|"), lines[start:])
    )
    if first is not None:
        heads[0] = first
    return [dict(zip(heads, row, strict=True)) for row in rows[1:]]


@cache
def tasks() -> dict[str, Any]:
    return json.loads((ROOT / "docs" / "results.json").read_text())["tasks"]


@cache
def readme() -> str:
    return " ".join((ROOT / "README.md").read_text().split())


@cache
def results() -> str:
    return " ".join((ROOT / "docs" / "results.md").read_text().split())


def figures(cell: str) -> list[str]:
    """A difference and its interval in a table of the results, as the README writes them."""
    return re.findall(r"-?[\d.]+(?: to -?[\d.]+)?", cell.replace("+", ""))


def by_other_steps(study: str, arm: str) -> list[str]:
    """What an arm gains in Recall@10 by a study's steps over the default's, and the interval."""
    rows = rows_under(LEADS)
    return figures(next(row[2] for row in rows if row[:2] == (study, arm)))


def rows_under(head: str, after: str = "# Results") -> list[tuple[str, ...]]:
    """The rows of a table in the results, the first after a line, by how its head begins."""
    lines = (ROOT / "docs" / "results.md").read_text().splitlines()
    lines = lines[lines.index(after) :]
    start = next(row for row, line in enumerate(lines) if line.startswith(head))
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines[start + 2 :])
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in rows]


def training_free(study: str) -> list[str]:
    return read_study(EVIDENCE / study).training_free(sorted(tasks()[study]["arms"]))


def best_free(study: str, metric: str = "recall@10") -> str:
    return max(training_free(study), key=lambda arm: tasks()[study]["arms"][arm][metric]["mean"])


def comparison(study: str, arm: str, metric: str = "recall@10") -> dict[str, Any]:
    rows = tasks()[study]["comparisons"]
    return next(row for row in rows if row["b"] == arm and row["metric"] == metric)


def gain(study: str, arm: str, metric: str = "recall@10") -> list[str]:
    """What GRAPE gains over an arm, and the interval, as the README writes them."""
    row = comparison(study, arm, metric)
    return [f"{100 * row['difference']:.1f}", interval(row)]


def over_similarity(study: str, arm: str) -> list[str]:
    """What a reward gains over similarity in Recall@10, and the interval."""
    if arm == "grape":
        return gain(study, "grpo-similarity")
    rows = rows_under("| study | reward | over similarity |")
    return next((figures(row[2]) for row in rows if row[:2] == (study, f"`{arm}`")), [])


def recall(study: str, arm: str) -> float:
    return tasks()[study]["arms"][arm]["recall@10"]["mean"]


def interval(row: dict[str, float]) -> str:
    return f"{100 * row['low']:.1f} to {100 * row['high']:.1f}"


def learned(study: str, arm: str, metric: str) -> float:
    arms = tasks()[study]["arms"]
    return arms[arm][metric]["mean"] - arms["few-shot"][metric]["mean"]


def share(study: str, arm: str) -> str:
    """Which share of what the right item's score gains in training the hard negatives gain."""
    return f"{100 * learned(study, arm, 'd_hard') / learned(study, arm, 'd_pos'):.0f} %"


def shown(study: str, arm: str) -> str:
    """Recall@10 as the README writes it."""
    found = tasks()[study]["arms"][arm]["recall@10"]
    return f"{found['mean']:.3f}" + (f" ± {found['std']:.3f}" if len(found["seeds"]) > 1 else "")
