"""A whole study on tiny models."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from grape_rewrite.ablation import Study, read_arms, run_study

SMALL = {"steps": 2, "batch": 8, "group": 4, "max_tokens": 6, "dev_queries": 8, "evaluate_every": 1, "save_every": 1}


@pytest.fixture(scope="session")
def study_of(tiny_dataset_folder: Path, tiny_retriever_folder: Path, tiny_model_folder: Path) -> Callable[..., Study]:
    """Makes a study of arms and seeds; what is given by name replaces the rest."""

    def make(arms: list[str], seeds: list[int], **changes: object) -> Study:
        settings = {
            "data": str(tiny_dataset_folder),
            "retriever": str(tiny_retriever_folder),
            "rewriter": str(tiny_model_folder),
            "training": SMALL,
            **changes,
        }
        return Study(arms=read_arms(arms, SMALL), seeds=seeds, **settings)

    return make


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the runs, which are processes of their own, are to inherit: one cache for all of them."""
    folder = tmp_path_factory.mktemp("cache")
    return {"GRAPE_CACHE": str(folder), "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}


@pytest.fixture
def own_cache(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A test whose runs have that environment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def finished(study_of, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Path]:
    """Two arms with two seeds, and as many draws of what samples without training, done."""
    out = tmp_path_factory.mktemp("studies") / "finished"
    study = study_of(["grape", "grpo-similarity"], [0, 1], draws=2).begin(out)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        run_study(study, out, parallel=2)
    return study, out
