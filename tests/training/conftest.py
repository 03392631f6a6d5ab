"""One small training run that many tests look at, and the means to make another."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from grape_rewrite.datasets import Dataset
from grape_rewrite.index import Index
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.training import train

if TYPE_CHECKING:
    from trl import GRPOConfig

SMALL = {
    "steps": 4,
    "batch": 16,
    "group": 4,
    "max_tokens": 6,
    "free_tokens": 2,
    "learning_rate": 0.005,
    "lora_rank": 4,
    "evaluate_every": 2,
    "save_every": 2,
    "dev_queries": 8,
}


class Run(NamedTuple):
    """A finished run: its folder and the rewriter that `train` returned."""

    folder: Path
    rewriter: Rewriter


@pytest.fixture(scope="session")
def index(tiny_retriever_folder: Path, tiny_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Index:
    return Retriever.load(str(tiny_retriever_folder)).index(tiny_dataset.corpus, cache=tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="session")
def small() -> dict[str, Any]:
    """Hyperparameters of a run of a second or two."""
    return dict(SMALL)


@pytest.fixture(scope="session")
def begin(tiny_model_folder: Path, tiny_prompt: Prompt, index: Index, tiny_dataset: Dataset) -> Callable[..., Run]:
    """Trains the tiny model; what is given by name goes to `train`."""

    def run(folder: Path, **values: Any) -> Run:
        rewriter = Rewriter.load(str(tiny_model_folder), tiny_prompt)
        return Run(folder, train(rewriter, index, tiny_dataset, folder, **{**SMALL, **values}))

    return run


@pytest.fixture(scope="session")
def finished(begin: Callable[..., Run], tmp_path_factory: pytest.TempPathFactory) -> Run:
    return begin(tmp_path_factory.mktemp("runs") / "finished")


@pytest.fixture
def one_step(tmp_path: Path) -> "Callable[..., GRPOConfig]":
    """Makes TRL's arguments for one quiet step on the processor that saves nothing; what is given by name is added."""
    from trl import GRPOConfig  # takes seconds, and most tests need none of it

    def make(**settings: Any) -> GRPOConfig:
        return GRPOConfig(
            output_dir=str(tmp_path),
            max_steps=1,
            bf16=False,
            use_cpu=True,
            save_strategy="no",
            logging_steps=1,
            report_to="none",
            disable_tqdm=True,
            **settings,
        )

    return make
