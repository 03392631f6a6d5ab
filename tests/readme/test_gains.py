"""What the README says that training gains, in its tables and at its beginning."""

import itertools
import json
import re
from statistics import mean

from grape_rewrite.ablation import read_study
from grape_rewrite.training import TrainingConfig
from tests.readme.evidence import (
    DEFAULT,
    EVIDENCE,
    NAMES,
    SHORT,
    best_free,
    comparison,
    gain,
    interval,
    manifests,
    recall,
    shown,
    tasks,
    told,
    training_free,
)
from tests.readme.said import figures, quoted, readme, readme_table


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
    for measured in (study, rest, fresh):
        for arm, metric in itertools.product((best_free(measured), "sft"), ("recall@10", "mrr")):
            assert told(measured, arm, metric) == "sure"
        assert min(comparison(measured, "sft", metric)["low"] for metric in ("recall@10", "mrr")) > 0
        seeds = {arm: len(tasks()[measured]["arms"][arm]["recall@10"]["seeds"]) for arm in NAMES.values()}
        similar = 3 if measured == fresh else 2
        assert seeds == {"raw": 1, "english": 1, "grape": 5, "sft": 5, "grpo-similarity": similar}
    for metric in ("recall@10", "mrr"):
        assert told(fresh, "grpo-similarity", metric) == "sure"
    for arm in ("sft", "grpo-similarity", "grpo-reciprocal_rank"):
        assert told(composed, arm) == "not"
    assert told(composed, best_free(composed)) == "sure"
    assert told(composed, best_free(composed, "mrr"), "mrr") != "sure"
    config, default = read_study(EVIDENCE / study).training, TrainingConfig()
    assert (config["steps"], config["distinct"]) == (default.steps, default.distinct) == (160, 0.75)


def test_what_the_default_is_held_against() -> None:
    study, _, fresh, _ = DEFAULT.values()
    drawn = json.loads((EVIDENCE / "drawings.json").read_text())
    assert quoted("On `scenes-fresh`") == [
        *gain(fresh, "grpo-similarity"),
        interval(drawn[fresh]["sft"]["recall@10"]),
        interval(drawn[fresh]["grpo-similarity"]["recall@10"]),
        shown(fresh, "sft-176"),
        *gain(fresh, "sft-176"),
        *gain(fresh, "sft-176", "mrr"),
        interval(drawn[fresh]["sft-176"]["recall@10"]),
    ]
    assert [told(fresh, "sft-176", metric) for metric in ("recall@10", "mrr")] == ["sure", "sure"]
    assert drawn[fresh]["sft-176"]["recall@10"]["p_holm"] > 0.05
    assert quoted("On `scenes`") == [
        interval(drawn[study]["sft"]["recall@10"]),
        shown(study, "sft-214"),
        *gain(study, "sft-214"),
    ]
    assert quoted("The rising temperature") == [*gain(study, "constant"), *gain(study, "constant", "mrr")]
    costs = tasks()[study]["costs"]
    assert costs["grape"]["training_seconds"] < costs["sft-214"]["training_seconds"]
    costs = tasks()[fresh]["costs"]
    assert costs["grape"]["training_seconds"] < costs["sft-176"]["training_seconds"]
    ours, theirs = ([run["hardware"]["processor"] for run in manifests(fresh, arm)] for arm in ("grape", "sft-176"))
    assert len(ours) == len(theirs) == 5
    assert len(set(ours)) == 1
    assert sum(processor != ours[0] for processor in theirs) == 3  # "three of its five runs"
    seeds = {arm: len(tasks()[study]["arms"][arm]["recall@10"]["seeds"]) for arm in ("constant", "sft-214")}
    assert seeds == {"constant": 3, "sft-214": 3}
    for arm, metric in itertools.product(("constant", "sft-214"), ("recall@10", "mrr")):
        assert comparison(study, arm, metric)["low"] < 0
    minutes = [run["training_seconds"] / 60 for run in manifests(study, "grape")]
    assert f"takes {min(minutes):.0f} to {max(minutes):.0f} minutes on one thread" in readme()
    assert 35 < mean(minutes) < 45  # "40 minutes", as it begins


def test_the_beginning() -> None:
    study, _, fresh, composed = DEFAULT.values()
    told_first = ("raw", best_free(study), "grape", "grpo-similarity", "sft", "sft-214")
    percent = [f"{100 * recall(study, arm):.0f} %" for arm in told_first]
    elsewhere = ("grape", "grpo-similarity", "sft", "sft-176", best_free(fresh))
    percent += [f"{100 * recall(fresh, arm):.0f} %" for arm in elsewhere]
    beginning = readme().split("## Two commands")[0]
    assert re.findall(r"\d+ %", beginning) == percent
    others = [*(name for name in SHORT.values() if name != SHORT["scenes"]), fresh, composed, "definitions", "emoji"]
    assert len({read_study(EVIDENCE / name).data for name in others}) == 6
    gains = [100 * comparison(name, best_free(name))["difference"] for name in others]
    said = f"On all six other tasks it gains {min(gains):.0f} to {max(gains):.0f} points over the best without training"
    assert said in beginning
    assert [name for name in others if told(name, best_free(name)) != "sure"] == ["emoji"]


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
