"""What docs/guide.md says can be done as it says."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from grape_rewrite.datasets import Query
from grape_rewrite.evaluation.operating_points import CATALOGUE, GATED, SURE
from grape_rewrite.strategies import Generations, require_strategy, strategy_of
from grape_rewrite.strategies.fusion import mean_vector
from grape_rewrite.training.config import TrainingConfig
from tests.documents import local_links, snippet

GUIDE = Path(__file__).parents[1] / "docs" / "guide.md"


def guide() -> str:
    return GUIDE.read_text(encoding="utf-8")


def test_a_service_searches_with_one_vector(
    grape, cache, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tiny_model_folder: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    adapter = tmp_path / "run"
    trained = grape(
        *("train", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--rewriter", tiny_model_folder),
        *("--out", adapter, "--steps", 1, "--batch", 8, "--group", 4, "--max-tokens", 8),
    )
    assert trained.code == 0, trained.err
    code = snippet(GUIDE, {"lite-clip": tiny_retriever_folder, "scenes": tiny_dataset_folder, "runs/mine": adapter})
    found: dict[str, object] = {}
    exec(compile(code, str(GUIDE), "exec"), found)
    index, rewriter = found["index"], found["rewriter"]
    hits = found["search"]("rot Apfel")
    assert len(hits) == 10
    assert capsys.readouterr().out.splitlines()[-1] == str(found["search"]("ein roter Apfel"))
    [ask] = strategy_of("mean-8+raw-0.2", Generations(rewriter))([Query("", "rot Apfel")], index)
    rows = index.retriever.embed_texts(ask.texts)
    assert (len(ask.texts), ask.texts[-1]) == (9, "rot Apfel")
    vector = 0.1 * rows[:8].sum(axis=0) + 0.2 * rows[8]
    vector /= np.linalg.norm(vector)
    assert mean_vector(rows, ask.weights) == pytest.approx(vector, abs=1e-6)
    scores = index.embeddings @ vector
    assert [score for _, score in hits] == pytest.approx(sorted(scores.tolist(), reverse=True)[:10], abs=1e-5)


def test_its_strategies_are_some() -> None:
    table = re.search(r"\| strategy \| what it is \|\n(.*?)\n\n", guide(), re.DOTALL)[1]
    named = re.findall(
        r"`([^`]+)`(?=[,; |])", "\n".join(line.split(" | ")[0] + " |" for line in table.splitlines()[1:])
    )
    assert len(named) > 10
    for name in named:
        filled = name.replace("…", "greedy")
        assert require_strategy(filled)[0] == filled
    assert f"`--operating-point` measures {len(CATALOGUE) + len(GATED) * len(SURE)} of them on dev" in guide()


def test_its_sizes_are_those_of_the_defaults() -> None:
    config = TrainingConfig()
    assert f"Learning needs {config.batch // config.group} train\n  queries at least" in guide()
    assert f"({64 // config.group} with `--batch 64`)" in guide()
    assert f"by up to {config.dev_queries} queries" in guide()
    assert f"cut off after {config.max_tokens} tokens" in guide()
    assert f"{config.steps} steps of {config.batch} rewrites by a model" in guide()
    assert f"Every {config.evaluate_every} steps it looks" in " ".join(guide().split())


def test_what_it_links_to_is_there() -> None:
    assert local_links(GUIDE)


def test_what_it_says_of_operating_points_is_what_was_measured() -> None:
    files = list((GUIDE.parent / "evidence" / "operating_points").glob("*.json"))
    assert files
    chosen = [run["strategies"] for file in files for run in json.loads(file.read_text(encoding="utf-8"))["runs"]]
    assert {found["fast"] for found in chosen} == {"greedy"}
    assert all(re.fullmatch(r"mean-(4|8|16)(\+raw-0\.\d)?", found["best"]) for found in chosen)
    safe = [found["safe"] for found in chosen if found["safe"] != "greedy"]
    assert len(safe) == len(chosen) - 1
    assert all(re.fullmatch(r"mean-(8|16)\+raw-0\.\d", name) for name in safe)
