"""The README's short answers: which reward, inflation, harm, and more questions."""

import itertools
import json
import re

from tests.readme.evidence import (
    DEFAULT,
    EVIDENCE,
    SHORT,
    SHOWN,
    best_free,
    by_other_steps,
    comparison,
    gain,
    learned,
    over_similarity,
    recall,
    share,
    shown,
    tasks,
    told,
    training_free,
)
from tests.readme.said import figures, figures_in, quoted, readme, readme_table, results, rows_under

REWARDS = (
    "grape",
    *(f"grpo-{name}" for name in ("contrastive", "margin", "ndcg", "reciprocal_rank", "rank_linear", "similarity")),
)
SETTINGS = ("keep-all", "kl", "group=4", "group=16", "scale-group", "no-length", "no-form", "oversample")


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
    assert len({row[:4] for row in inflated}) == len(inflated)
    assert f"in {len({row[:3] for row in inflated})} of" in counts["0.01", "0.0"][0]
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
