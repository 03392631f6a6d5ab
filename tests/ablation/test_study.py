"""A study: what it is made of, what joins it, and what it refuses."""

from pathlib import Path

import pytest
import yaml

from grape_rewrite.ablation import read_study, run_study
from grape_rewrite.errors import UserError


def test_more_arms_and_seeds_join_a_study(study_of, tmp_path: Path) -> None:
    first = study_of(["grape"], [0]).begin(tmp_path)
    whole = study_of(["sft"], [3, 0]).begin(tmp_path)
    assert whole == read_study(tmp_path)
    assert (list(whole.arms), whole.seeds) == (["grape", "sft"], [0, 3])
    assert [job.name for job in whole.jobs()] == ["untrained/seed-0", "grape/seed-0", "sft/seed-0", "sft/seed-3"]
    assert set(first.jobs()) < set(whole.jobs())
    later = study_of(["grape"], [3], draws=3).begin(tmp_path)
    assert later.some_seeds == {}
    assert [job.name for job in later.jobs() if job.seed == 3] == ["grape/seed-3", "sft/seed-3"]
    assert study_of(["grape"], [3]).joined(tmp_path).draws == 3
    assert [job.name for job in later.jobs()] == [
        "untrained/seed-0", "grape/seed-0", "sft/seed-0",
        "untrained/seed-1", "grape/seed-3", "sft/seed-3",
        "untrained/seed-2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"split": "dev"}, "holds a study with split='test', not 'dev'; use another --out folder"),
        ({"queries": 4}, "holds a study with queries=None, not 4"),
        ({"beyond": 4}, "holds a study with beyond=None, not 4"),
        ({"training": {"steps": 3}}, "holds a study with training="),
        ({"precision": "bfloat16"}, "holds a study in float32, not bfloat16"),
    ],
)
def test_another_study_is_refused(study_of, tmp_path: Path, changes: dict[str, object], message: str) -> None:
    begun = study_of(["grape"], [0], precision="float32").begin(tmp_path)
    with pytest.raises(UserError, match=message):
        study_of(["grape"], [0], **changes).begin(tmp_path)
    assert read_study(tmp_path) == begun


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seeds": [0, 0]}, "seeds has 0 twice; each adds evidence once"),
        ({"seeds": []}, "seeds: .*at least 1"),
        ({"seeds": [-1]}, r"seeds.0: .*greater than or equal to 0"),
        ({"some_seeds": {"grape": [0, 0]}}, "some_seeds.grape has 0 twice"),
        ({"some_seeds": {"grape": [7]}}, "some_seeds.grape has 7, which is not among the seeds"),
        ({"some_seeds": {"grappe": [0]}}, "some_seeds has 'grappe', which is not among the arms"),
        ({"arms": {"grape": {"stpes": 3}}}, "'grape' has an unknown key 'stpes'"),
        ({"training": {"stpes": 3}}, "unknown key 'stpes'"),
        ({"training": {"seed": 7}}, "a seed is nothing that all runs share; name it in seeds"),
        ({"arms": {"grape": {"seed": 5}}}, "'grape' has a seed of its own; all arms have those of the study"),
        (
            {"arms": {"grape": {"prompt": {"instruction": "Hi.", "example": []}}}},
            "'grape' has a prompt that is none",
        ),
        ({"arms": {"": {}}}, "'' has a name that no folder can have"),
    ],
)
def test_a_study_that_was_edited_to_what_it_cannot_be(
    study_of, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    study = study_of(["grape"], [0]).begin(tmp_path)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({**study.model_dump(mode="json"), **change}))
    with pytest.raises(UserError, match=rf"study\.yaml: .*{message}"):
        read_study(tmp_path)


def test_a_run_that_the_study_does_not_have(study_of, tmp_path: Path) -> None:
    study = study_of(["grape"], [0])
    with pytest.raises(UserError, match="no run 'sft/seed-0'; it has untrained/seed-0, grape/seed-0"):
        run_study(study, tmp_path, only="sft/seed-0")
