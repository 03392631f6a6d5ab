"""What is made of the runs: checked against the files that the runs left."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from grape_rewrite.ablation import Study, markdown, read_results
from grape_rewrite.ablation.comparisons import paired
from grape_rewrite.ablation.methods import DRAWN
from grape_rewrite.ablation.outcomes import read_outcomes
from grape_rewrite.ablation.report import render_study
from grape_rewrite.errors import UserError
from grape_rewrite.evaluation import estimate_over_runs
from grape_rewrite.evaluation.holm import holm
from grape_rewrite.rewriting.adapter import read_adapter


@pytest.fixture(scope="session")
def results(finished: tuple[Study, Path]) -> dict:
    return read_results(*finished)


def summary(out: Path, run: str) -> dict:
    return json.loads((out / run / "evaluation.json").read_text())["methods"]


def test_means_and_spreads_are_those_of_the_runs(finished: tuple[Study, Path], results: dict) -> None:
    _, out = finished
    assert set(results["arms"]) == {
        "raw", "zero-shot", "few-shot", "prompt-selection", "hyde", "query2doc", "mean", "rrf", "confident",
        "interpolated", "english", "grape", "grpo-similarity",
    }  # fmt: skip
    for arm in ("grape", "grpo-similarity"):
        values = [summary(out, f"{arm}/seed-{seed}")[arm]["mrr"] for seed in (0, 1)]
        found = results["arms"][arm]["mrr"]
        assert found["mean"] == pytest.approx(np.mean(values))
        assert found["std"] == pytest.approx(np.std(values, ddof=1))
        assert found["seeds"] == dict(zip((0, 1), values, strict=True))
    assert results["arms"]["raw"]["recall@10"]["mean"] == summary(out, "untrained/seed-0")["raw"]["recall@10"]
    assert results["missing"] == []
    assert json.loads(json.dumps(results, allow_nan=False))["runs"] == 6


def test_what_samples_without_training_is_drawn_for_each_seed(finished: tuple[Study, Path], results: dict) -> None:
    study, out = finished
    free = study.training_free(results["arms"])
    seeds = {arm: set(results["arms"][arm]["mrr"]["seeds"]) for arm in free}
    assert seeds == {arm: {0, 1} if arm in DRAWN else {0} for arm in free}
    draws = [read_outcomes(out / "untrained" / f"seed-{seed}") for seed in (0, 1)]
    for arm in DRAWN:
        assert draws[0].ranks[arm] != draws[1].ranks[arm]
        assert [found.metric("mrr", arm).mean() for found in draws] == pytest.approx(
            [results["arms"][arm]["mrr"]["seeds"][seed] for seed in (0, 1)]
        )
    assert set(draws[1].ranks) == set(DRAWN)
    # A draw stands beside a seed, so that its chance is in the interval.
    [row] = (row for row in results["comparisons"] if (row["b"], row["metric"]) == ("mean", "mrr"))
    ours = [read_outcomes(out / "grape" / f"seed-{seed}").metric("mrr", "grape") for seed in (0, 1)]
    gains = np.stack([one - draw.metric("mrr", "mean") for one, draw in zip(ours, draws, strict=True)])
    assert row["p_seeds"] == pytest.approx(estimate_over_runs(gains, np.array(draws[0].clusters)).p)


def test_draws_stand_beside_further_seeds_in_turns() -> None:
    ours = {seed: np.full(2, float(seed)) for seed in (3, 4, 7, 9)}
    theirs = {0: np.zeros(2), 1: np.ones(2), 2: np.full(2, 2.0)}
    found = paired(ours, theirs, seeded=False)
    assert {seed: gain[0] for seed, gain in found.items()} == {3: 3, 4: 3, 7: 5, 9: 9}
    assert paired(ours, {3: np.ones(2), 5: np.ones(2)}, seeded=True).keys() == {3}
    assert paired(ours, {}, seeded=False) == {}


def test_runs_that_learned_nothing_are_named(finished: tuple[Study, Path], results: dict) -> None:
    study, out = finished
    folders = {f"{job.arm}/seed-{job.seed}" for job in study.jobs() if job.arm in study.arms}
    unchanged = {folder for folder in folders if not read_adapter(out / folder).steps}
    assert set(results["unchanged"]) == unchanged
    for names in ([], ["grape/seed-0", "sft/seed-1"]):
        said = "never beat the untrained rewriter on dev in grape/seed-0, sft/seed-1"
        assert (said in markdown({**results, "unchanged": names})) == bool(names)


def test_without_the_default_arm_the_first_is_compared(finished: tuple[Study, Path], results: dict) -> None:
    assert results["reference"] == "grape"
    assert "| grape against |" in markdown(results)
    study, out = finished
    arms = {name: study.arms[name] for name in ("grpo-similarity",)}
    without = read_results(study.model_copy(update={"arms": arms}), out)
    assert without["reference"] == "grpo-similarity"
    rows = {row["b"]: row for row in without["comparisons"] if row["metric"] == "mrr"}
    assert set(rows) == set(without["arms"]) - {"grpo-similarity"}
    means = [without["arms"][arm]["mrr"]["mean"] for arm in ("grpo-similarity", "raw")]
    assert rows["raw"]["difference"] == pytest.approx(means[0] - means[1])
    assert "| grpo-similarity against |" in markdown(without)


def test_of_nothing_trained_it_is_said_that_nothing_is_compared(finished: tuple[Study, Path]) -> None:
    study, out = finished
    nothing = read_results(study.model_copy(update={"arms": {"later": {}}}), out)
    assert nothing["reference"] is None
    assert "No arm that is trained is complete" in markdown(nothing)


def test_comparisons_are_differences_of_the_means(results: dict) -> None:
    # A query here has one right item.
    for metric, figure in (("recall@10", "recall@10"), ("mrr", "mrr"), ("success@1", "recall@1")):
        rows = [row for row in results["comparisons"] if row["metric"] == metric]
        assert {row["b"] for row in rows} == set(results["arms"]) - {"grape"}
        for row in rows:
            means = [results["arms"][arm][figure]["mean"] for arm in ("grape", row["b"])]
            assert row["difference"] == pytest.approx(means[0] - means[1])
            assert row["low"] <= row["difference"] <= row["high"]
    rows = results["comparisons"]
    for p in ("p", "p_seeds"):
        assert [row[f"{p}_holm"] for row in rows] == pytest.approx(holm([row[p] for row in rows]).tolist())
    assert all((row["p_seeds"] < 0.05) == (not row["low"] <= 0 <= row["high"]) for row in rows)


def test_queries_for_one_item_are_one_piece_of_evidence(finished: tuple[Study, Path], results: dict) -> None:
    """Eight items are asked for twice each: with eight clusters no p-value can be below 2 / 2^8."""
    outcomes = read_outcomes(finished[1] / "grape" / "seed-0")
    assert len(set(outcomes.clusters)) == 8
    assert sorted(set(outcomes.languages)) == ["de", "fr"]
    assert len(outcomes.languages) == len(outcomes.clusters)
    assert min(row["p"] for row in results["comparisons"]) >= 2 / 2**8


def test_outcomes_are_those_of_each_query(finished: tuple[Study, Path]) -> None:
    folder = finished[1] / "grape" / "seed-0"
    found = read_outcomes(folder)
    lines = [json.loads(line)["methods"]["grape"] for line in (folder / "rewrites.jsonl").read_text().splitlines()]
    assert found.ranks["grape"] == [line["rank"] for line in lines]
    assert found.metric("mrr", "grape").mean() == pytest.approx(summary(finished[1], "grape/seed-0")["grape"]["mrr"])
    assert found.recall["grape"] == [
        float(line["rank"] <= 10) for line in lines
    ]  # one positive each, and no ties at 10
    assert len(found.levels["grape"]) == len(lines)
    assert read_outcomes(finished[1] / "untrained" / "seed-0").levels["rrf"] is None


@pytest.mark.parametrize(
    "content",
    [
        None,
        "{",
        '{"clusters": []}',
        '{"clusters": [0, 1], "ranks": {"raw": [1]}, "recall": {}, "levels": {}}',
        '{"clusters": [0, 1], "ranks": {}, "recall": {}, "levels": {"raw": [[0.1, 0.2]]}}',
        '{"clusters": [0], "ranks": {}, "recall": {}, "levels": {}, "irrelevant": {"raw": [0.1, 0.2]}}',
        '{"clusters": [0, 1], "languages": ["de"], "ranks": {}, "recall": {}, "levels": {}}',
    ],
)
def test_outcomes_that_cannot_be_read(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "outcomes.json").write_text(content)
    with pytest.raises(UserError, match=r"outcomes\.json"):
        read_outcomes(tmp_path)


def test_what_scores_do_has_intervals(finished: tuple[Study, Path], results: dict) -> None:
    _, out = finished
    raw = read_outcomes(out / "untrained" / "seed-0").scores("raw")
    for arm in ("grape", "grpo-similarity"):
        scores = [read_outcomes(out / arm / f"seed-{seed}").scores(arm) for seed in (0, 1)]
        for metric in ("d_pos", "d_hard", "d_neg", "margin", "centroid"):
            rise = np.stack([found[metric] - (0 if metric == "centroid" else raw[metric]) for found in scores])
            found = results["arms"][arm][metric]
            assert found["mean"] == pytest.approx(np.mean(rise), abs=1e-4)
            items = np.mean(rise, axis=0).reshape(8, 2).mean(axis=1)  # two queries for each of eight items
            variance = items.var() / 8 + np.mean(rise, axis=1).var() / 2  # of items, and of two seeds
            assert found["low"] <= found["mean"] <= found["high"]
            assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * np.sqrt(variance), rel=0.35)
    for row in results["inflation"]:
        means = [results["arms"][arm][row["metric"]]["mean"] for arm in ("grape", "grpo-similarity")]
        assert row["b"] == "grpo-similarity"
        assert row["difference"] == pytest.approx(means[0] - means[1], abs=1e-4)
        assert row["low"] <= row["difference"] <= row["high"]
        assert row["seeds"] == [0, 1]
    assert {row["metric"] for row in results["inflation"]} == {"d_pos", "d_hard", "d_neg", "margin", "centroid"}
    assert "d_pos" not in results["arms"]["rrf"]  # fused ranks are no scores


def test_runs_that_kept_fewer_scores_have_fewer_intervals(
    finished: tuple[Study, Path], results: dict, tmp_path: Path
) -> None:
    """Earlier versions did not keep the scores of all wrong items, nor the cosine to the centroid."""
    study, out = finished
    shutil.copytree(out, tmp_path / "study")
    path = tmp_path / "study" / "grape" / "seed-1" / "outcomes.json"
    kept = json.loads(path.read_text())
    path.write_text(json.dumps({key: value for key, value in kept.items() if key not in {"irrelevant", "centroid"}}))
    found = read_results(study, tmp_path / "study")
    for arm, metric, has in (
        ("grape", "d_neg", False),
        ("grape", "centroid", False),
        ("grape", "d_hard", True),
        ("grpo-similarity", "d_neg", True),
    ):
        assert ("low" in found["arms"][arm][metric]) == has
        assert found["arms"][arm][metric]["mean"] == results["arms"][arm][metric]["mean"]
    seeds = {row["metric"]: row["seeds"] for row in found["inflation"]}
    assert seeds == {"d_pos": [0, 1], "d_hard": [0, 1], "margin": [0, 1], "d_neg": [0], "centroid": [0]}


def test_what_dev_queries_showed_is_that_of_the_histories(finished: tuple[Study, Path], results: dict) -> None:
    _, out = finished
    assert list(results["training"]) == ["grape", "grpo-similarity"]
    for arm, looks in results["training"].items():
        histories = [
            [json.loads(line) for line in (out / arm / f"seed-{seed}" / "history.jsonl").read_text().splitlines()]
            for seed in (0, 1)
        ]
        assert list(looks) == [0, 1, 2]
        for step, figures in looks.items():
            assert set(figures) == {"recall@10", "mrr", "d_pos", "d_hard", "d_neg", "margin", "minutes"}
            for key, found in figures.items():
                values = [rows[step].get(f"dev_{key}") for rows in histories]
                if key == "minutes":
                    looked = [sum(row["look_seconds"] for row in rows[: step + 1]) for rows in histories]
                    values = [(rows[step]["seconds"] - of) / 60 for rows, of in zip(histories, looked, strict=True)]
                assert found["mean"] == pytest.approx(np.mean(values))
                assert found["std"] == pytest.approx(np.std(values, ddof=1))
                assert found["seeds"] == dict(zip((0, 1), values, strict=True))


def look_at(*seeds: int) -> dict:
    """What one look found: figures of some seeds, all the same."""
    values = {"recall@10": 0.5, "mrr": 0.4, "d_hard": 0.03, "d_neg": -0.02, "margin": 0.01}
    return {key: {"mean": value, "std": 0.0, "seeds": dict.fromkeys(seeds, value)} for key, value in values.items()}


def test_the_table_of_training_has_a_few_looks_that_all_runs_share(results: dict) -> None:
    steps = range(0, 220, 20)
    whole = {step: look_at(0, 1) for step in steps}
    stopped = {**whole, 200: look_at(0)}  # its second seed ended before
    other = {step: look for step, look in whole.items() if step != 0}
    heads = {}
    for name, training in {
        "all": {"grape": whole},
        "stopped": {"grape": whole, "sft": stopped},
        "other": {"grape": whole, "sft": other},
    }.items():
        text = markdown({**results, "training": training})
        (table,) = (part.splitlines() for part in text.split("\n\n") if "| step " in part)
        heads[name] = [int(cell.split()[-1]) for cell in table[0].strip("|").split("|")[1:]]
        assert len(table) == 2 + len(training)
        assert f"| {table[2].split(' | ')[1]}" == "| 0.500, +0.030, -0.020, +0.010"
    assert heads == {"all": [0, 40, 100, 160, 200], "stopped": [0, 40, 80, 140, 180], "other": [20, 60, 100, 160, 200]}
    for training in ({}, {"grape": {0: look_at(0)}, "sft": {1: look_at(0)}}):
        assert "| step " not in markdown({**results, "training": training})


def test_costs(finished: tuple[Study, Path], results: dict) -> None:
    assert set(results["costs"]) == {"grape", "grpo-similarity"}
    for cost in results["costs"].values():
        assert cost["training_seconds"] > 0
        assert cost["trained_parameters"] > 0


def test_markdown_shows_what_was_found(results: dict) -> None:
    text = markdown({**results, "missing": ["sft/seed-0"]})
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| grape |")]
    mrr = results["arms"]["grape"]["mrr"]
    assert rows[0][5] == f"{mrr['mean']:.3f} ± {mrr['std']:.3f}"
    assert rows[0][1] == "2"
    assert "not complete: sft/seed-0" in text
    many = [f"sft/seed-{seed}" for seed in range(5)]
    assert f"; 5 of {5 + results['runs']} not complete" in markdown({**results, "missing": many})
    for table in text.split("\n\n")[1:]:
        widths = {line.count(" | ") for line in table.strip().splitlines() if not line.startswith("|---")}
        assert len(widths) == 1, table


def test_what_is_not_complete_is_missing(finished: tuple[Study, Path], tmp_path: Path) -> None:
    study, out = finished
    shutil.copytree(out, tmp_path / "copy")
    (tmp_path / "copy" / "grape" / "seed-1" / "manifest.json").unlink()
    found = read_results(study, tmp_path / "copy")
    assert found["missing"] == ["grape/seed-1"]
    assert list(found["arms"]["grape"]["mrr"]["seeds"]) == [0]
    assert {tuple(row["seeds"]) for row in found["comparisons"]} == {(0,)}


def test_only_seeds_that_both_have_are_compared(finished: tuple[Study, Path], tmp_path: Path) -> None:
    study, out = finished
    shutil.copytree(out, tmp_path / "copy")
    (tmp_path / "copy" / "grpo-similarity" / "seed-0" / "manifest.json").unlink()
    found = read_results(study, tmp_path / "copy")
    for row in found["comparisons"]:
        assert row["seeds"] == ([1] if row["b"] == "grpo-similarity" else [0, 1])
        figure = row["metric"].replace("success", "recall")  # a query here has one right item
        ours, other = (found["arms"][arm][figure] for arm in (row["a"], row["b"]))
        base = other["seeds"][1] if row["b"] == "grpo-similarity" else other["mean"]
        assert row["difference"] == pytest.approx(np.mean([ours["seeds"][seed] for seed in row["seeds"]]) - base)
    (tmp_path / "copy" / "grape" / "seed-1" / "manifest.json").unlink()
    assert "grpo-similarity" not in {row["b"] for row in read_results(study, tmp_path / "copy")["comparisons"]}


def test_a_run_that_diverged_can_be_read(finished: tuple[Study, Path], tmp_path: Path) -> None:
    study, out = finished
    shutil.copytree(out, tmp_path / "copy")
    path = tmp_path / "copy" / "grape" / "seed-1" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["looks"][-1].update(grad_norm=None, dev_d_pos=None)
    path.write_text(json.dumps(manifest))
    found = read_results(study, tmp_path / "copy")
    assert found["missing"] == []
    last = found["training"]["grape"][2]
    assert list(last["d_pos"]["seeds"]) == [0]
    assert list(last["d_hard"]["seeds"]) == [0, 1]
    assert "<svg" in render_study(study, found, tmp_path / "copy")


def test_runs_on_other_data_are_refused(finished: tuple[Study, Path], tmp_path: Path) -> None:
    study, out = finished
    shutil.copytree(out, tmp_path / "copy")
    path = tmp_path / "copy" / "grape" / "seed-1" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["fingerprints"]["corpus"] = "another"
    path.write_text(json.dumps(manifest))
    with pytest.raises(UserError, match=r"grape/seed-1 was made with another corpus than .*untrained/seed-0"):
        read_results(study, tmp_path / "copy")


def test_a_run_in_the_folder_of_another_is_refused(finished: tuple[Study, Path], tmp_path: Path) -> None:
    study, out = finished
    copy = shutil.copytree(out, tmp_path / "copy")
    shutil.rmtree(copy / "grape" / "seed-1")
    shutil.copytree(copy / "grape" / "seed-0", copy / "grape" / "seed-1")
    with pytest.raises(UserError, match=r"grape/seed-1/manifest.json is of grape, seed 0; put it where it belongs"):
        read_results(study, copy)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("ranks", float("nan"), "ranks.grape.*finite number"),
        ("ranks", 0.0, "ranks.grape has 0, which none can be"),
        ("recall", 7.0, "recall.grape has 7, which none can be"),
    ],
)
def test_what_no_query_can_have_reached_is_refused(
    finished: tuple[Study, Path], tmp_path: Path, key: str, value: float, message: str
) -> None:
    study, out = finished
    copy = shutil.copytree(out, tmp_path / "copy")
    file = copy / "grape" / "seed-0" / "outcomes.json"
    content = json.loads(file.read_text())
    content[key]["grape"][0] = value
    file.write_text(json.dumps(content))
    with pytest.raises(UserError, match=message):
        read_results(study, copy)


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("outcomes.json", lambda kept: kept["ranks"].pop("grape"), "ranks has no grape, which manifest.json has"),
        ("outcomes.json", lambda kept: kept["recall"].pop("grape"), "recall has no grape, which manifest.json has"),
        ("outcomes.json", lambda kept: kept["clusters"].reverse(), "clusters are not those of the study's queries"),
        ("manifest.json", lambda kept: kept["figures"]["grape"].pop("mrr"), "figures.grape has no mrr"),
        ("manifest.json", lambda kept: kept.update(figures={"grape": {"recall@10": None}}), "grape has no recall@10"),
        ("manifest.json", lambda kept: kept.update(looks=[{}]), "looks.0 has no step"),
        ("manifest.json", lambda kept: kept["looks"][1].update(step=None), "looks.1 has no step"),
        ("manifest.json", lambda kept: kept["looks"][1].pop("dev_mrr"), "looks.1 has no dev_mrr"),
        (
            "manifest.json",
            lambda kept: kept.update(training=None, fingerprints={**kept["fingerprints"], "reward": "0" * 64}),
            "fingerprints.reward is that of a reward, which training does not name",
        ),
    ],
)
def test_files_that_do_not_go_together_are_refused(
    finished: tuple[Study, Path], tmp_path: Path, file: str, change: Callable[[dict], object], message: str
) -> None:
    study, out = finished
    copy = shutil.copytree(out, tmp_path / "copy")
    path = copy / "grape" / "seed-1" / file
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=message) as caught:
        read_results(study, copy)
    assert str(path) in str(caught.value)


def test_a_folder_where_a_manifest_goes(finished: tuple[Study, Path], tmp_path: Path) -> None:
    copy = shutil.copytree(finished[1], tmp_path / "copy")
    (copy / "grape" / "seed-1" / "manifest.json").unlink()
    (copy / "grape" / "seed-1" / "manifest.json").mkdir()
    with pytest.raises(UserError, match=r"cannot read .*manifest\.json: Is a directory"):
        read_results(finished[0], copy)


def test_an_empty_study(finished: tuple[Study, Path], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no complete run yet"):
        read_results(finished[0], tmp_path)
