"""One run: what it is made with, and what it refuses to be compared with."""

import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from grape_rewrite.ablation import Study, prepare, read_results, read_study, run_study
from grape_rewrite.ablation.manifest import read_manifest
from grape_rewrite.ablation.outcomes import read_outcomes
from grape_rewrite.ablation.study import Job
from grape_rewrite.datasets import Dataset
from grape_rewrite.errors import UserError
from grape_rewrite.rewriting.adapter import read_adapter
from grape_rewrite.rewriting.precision import best_precision
from grape_rewrite.rewriting.prompt import PROMPTS


def test_a_study_keeps_to_the_number_format_that_it_was_begun_in(study_of, own_cache, tmp_path: Path) -> None:
    assert study_of(["grape"], [0]).begin(tmp_path / "best").precision == best_precision()
    other = "float32" if best_precision() == "bfloat16" else "bfloat16"
    study_of(["grape"], [0], precision=other).begin(tmp_path / "other")
    study = study_of(["grape"], [0]).begin(tmp_path / "other")  # goes on, with nothing said
    assert study.precision == other
    run_study(study, tmp_path / "other", only="grape/seed-0")
    assert read_manifest(Job("grape", 0).folder(tmp_path / "other")).hardware["precision"] == other


def test_an_arm_that_learns_further_tasks(study_of, own_cache, tmp_path: Path, tiny_dataset_folder: Path) -> None:
    study = study_of(["grape"], [0], data=str(shutil.copytree(tiny_dataset_folder, tmp_path / "data")))
    task = f"{tiny_dataset_folder}:{study.retriever}:long-form"
    study = study.model_copy(update={"arms": {"several": {"also": [task]}}})
    prepare(study, tmp_path / "out")
    run_study(study.begin(tmp_path / "out"), tmp_path / "out", only="several/seed-0")
    folder = Job("several", 0).folder(tmp_path / "out")
    manifest = read_manifest(folder)
    assert manifest is not None
    assert manifest.also == [task]
    assert "also" not in manifest.training
    assert [task.prompt for task in read_adapter(folder).tasks] == [PROMPTS["multilingual"], PROMPTS["long-form"]]
    with pytest.raises(UserError, match="names no task"):
        prepare(study.model_copy(update={"arms": {"several": {"also": ["a:b:c:d:e"]}}}), tmp_path / "other")


def test_an_arm_that_asks_with_a_prompt_of_its_own(
    finished: tuple[Study, Path], study_of, own_cache, tmp_path: Path
) -> None:
    study, out = finished[0], tmp_path / "out"
    shutil.copytree(finished[1], out)
    more = study_of(["brief:prompt=long-form"], [0, 1])
    prepare(more.joined(out), out)
    whole = more.begin(out)
    run_study(whole, out, only="brief/seed-0")
    manifest, folder = read_manifest(out / "brief" / "seed-0"), out / "brief" / "seed-0"
    assert (manifest.prompt, read_adapter(folder).prompt) == (PROMPTS["long-form"], PROMPTS["long-form"])
    assert read_manifest(out / "grape" / "seed-0").prompt == PROMPTS["multilingual"]
    assert "brief" in read_results(whole, out)["arms"]  # the runs can be compared
    prepare(whole, out)
    reasoning = {"brief": {"prompt": {"instruction": "Think.", "answer_after": "Answer:"}}}
    with pytest.raises(UserError, match="is no chat model and cannot reason first"):
        prepare(study.model_copy(update={"arms": reasoning}), tmp_path / "other")
    changed = {**whole.arms, "brief": {"prompt": PROMPTS["composed"].as_mapping()}}
    (out / "study.yaml").write_text(yaml.safe_dump({**whole.model_dump(mode="json"), "arms": changed}))
    with pytest.raises(UserError, match=r"brief/seed-1 would be made with another prompt than .*brief/seed-0"):
        prepare(read_study(out), out)


def test_an_arm_measures_what_another_study_trained(
    finished: tuple[Study, Path], study_of, own_cache, tiny_folders: dict[str, Path], tiny_clip_folder: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    study, there = finished
    arm = f"theirs:from={there / 'grape'}"
    own = study_of([arm], [0, 1]).begin(tmp_path)
    prepare(own, tmp_path)
    run_study(own, tmp_path, only="theirs/seed-1")
    found, origin = (
        read_manifest(Job(*job).folder(out)) for job, out in ((("theirs", 1), tmp_path), (("grape", 1), there))
    )
    assert (found.trained_in, found.seed, found.training) == (study.data, 1, origin.training)
    assert (found.training_seconds, found.looks) == (origin.training_seconds, [])
    assert found.peak_gb >= origin.peak_gb
    assert found.fingerprints == origin.fingerprints
    timed = {"ms_per_query": found.figures["theirs"]["ms_per_query"]}
    assert found.figures == {"theirs": {**origin.figures["grape"], **timed}}  # the same adapter on the same queries
    assert not (Job("theirs", 1).folder(tmp_path) / "adapter_model.safetensors").exists()
    later = own.model_copy(update={"seeds": [0, 7]})
    prepare(later, tmp_path, only="theirs/seed-0")  # the other's source may still be in training
    for changes, words in (
        ({"seeds": [7]}, "seed-7 holds no complete run of a study to take an adapter from"),
        ({"arms": {"theirs": {"from": str(there / "untrained")}}}, r"grape.json is missing"),
        ({"rewriter": str(tiny_folders["llama"])}, "has an adapter of .*tiny-gemma.*, not of .*tiny-llama"),
        ({"retriever": str(tiny_clip_folder)}, "was trained for retriever .*, not for .*tiny-clip.*; use that one"),
    ):
        with pytest.raises(UserError, match=words):
            prepare(own.model_copy(update={"seeds": [0], **changes}), tmp_path)


def test_queries_beyond_those_of_another_study(
    finished: tuple[Study, Path], study_of, own_cache, tmp_path: Path
) -> None:
    _, there = finished
    whole = Dataset.load(study_of(["grape"], [0]).data).test
    folders = []
    for name, which in (("first", {"queries": 6}), ("rest", {"beyond": 6}), ("some", {"beyond": 6, "queries": 2})):
        study = study_of([f"theirs:from={there / 'grape'}"], [0], **which).begin(tmp_path / name)
        run_study(study, tmp_path / name, only="theirs/seed-0")
        folders.append(Job("theirs", 0).folder(tmp_path / name))
    first, rest, some = (read_manifest(folder) for folder in folders)
    assert (first.queries, rest.queries, some.queries) == (6, len(whole) - 6, 2)
    assert rest.fingerprints["queries"] == whole.beyond(6).fingerprint()
    ranks = [np.array(read_outcomes(folder).ranks["theirs"]) for folder in folders[:2]]
    everywhere = read_outcomes(Job("grape", 0).folder(there)).ranks["grape"]
    assert sorted(np.concatenate(ranks)) == sorted(everywhere)  # the same adapter on all queries of the split
    with pytest.raises(UserError, match=f"cannot leave out {len(whole)} queries"):
        prepare(study_of(["grape"], [0], beyond=len(whole)), tmp_path / "none")


def test_preparing_finds_mistakes_before_anything_begins(
    finished: tuple[Study, Path], study_of, own_cache, tmp_path: Path
) -> None:
    prepare(study_of(["grape"], [0]), tmp_path)
    for changes, words in (
        ({"rewriter": "/nowhere"}, "cannot load rewriter '/nowhere'"),
        ({"retriever": "/nowhere"}, "nowhere"),
        ({"rewriter": str(finished[1] / "grape" / "seed-0")}, "is a trained adapter; a study trains from a base model"),
    ):
        with pytest.raises(UserError, match=words):
            prepare(study_of(["grape"], [0], **changes), tmp_path)


def test_no_seed_is_trained_on_what_has_changed_since_others(
    finished: tuple[Study, Path], own_cache, tmp_path: Path
) -> None:
    """Neither when the study is asked for, nor when it changes while the study is at work."""
    study, there = finished
    out = tmp_path / "out"
    shutil.copytree(there, out)
    data = shutil.copytree(study.data, tmp_path / "data")
    more = study.model_copy(update={"data": str(data), "seeds": [0, 1, 2]})
    (out / "study.yaml").write_text(yaml.safe_dump(more.model_dump(mode="json")))
    prepare(more, out)  # the same data, though in another place
    with (data / "qrels" / "train.tsv").open("a") as lines:
        lines.write("de0\td1\t1\n")
    said = r"grape/seed-2 would be made with other data than .*untrained/seed-0; such runs cannot be compared"
    with pytest.raises(UserError, match=said):
        prepare(more, out)
    with pytest.raises(UserError, match=said):
        run_study(more, out, only="grape/seed-2")
    assert not (out / "grape" / "seed-2" / "training.json").exists()
    prepare(study.model_copy(update={"data": str(data)}), out)  # all its runs are complete, and can be reported


def test_the_source_of_a_reward_of_ones_own_is_noted_and_compared(
    study_of, own_cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "rewards_that_change.py"
    source.write_text("def score(rewrites, candidates):\n    return 1 / candidates.ranks\n")
    monkeypatch.syspath_prepend(str(tmp_path))  # for the config's check
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)  # for the runs
    out = tmp_path / "out"
    study = study_of(["mine:reward=rewards_that_change:score"], [0, 1]).begin(out)
    run_study(study, out, only="mine/seed-0")
    manifest = read_manifest(out / "mine" / "seed-0")
    assert manifest.fingerprints["reward"] == hashlib.sha256(source.read_bytes()).hexdigest()
    prepare(study, out)
    source.write_text(source.read_text() + "# another\n")
    with pytest.raises(
        UserError, match=r"seed-1 would be made with another source of the reward .*:score than .*seed-0"
    ):
        prepare(study, out)
