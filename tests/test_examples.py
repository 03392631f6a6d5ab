"""The examples do what they say."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewards import Candidates
from grape_rewrite.training.own_reward import OwnReward

ROOT = Path(__file__).parents[1]


@pytest.fixture
def own_reward(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], OwnReward]:
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    return OwnReward


def test_trigrams_are_trained_for_and_asked_for_by_name(
    grape, cache, tiny_dataset_folder: Path, tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "examples.own_retriever:Trigrams"
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    retriever = Retriever.load(name)
    one, typo, other = retriever.embed_texts(["sunflower", "sunflowr", "walrus"])
    assert np.linalg.norm(retriever.embed_texts(["", "sunflower"]), axis=1) == pytest.approx([1, 1])
    assert one @ typo > 0.6 > 0.2 > one @ other
    # Five of "  sunflower  " and "  sunflowr  " differ: 8 of 11 and 10 trigrams are the same.
    assert one @ typo == pytest.approx(8 / np.sqrt(11 * 10))
    out = tmp_path / "run"
    trained = grape(
        *("train", tiny_dataset_folder, "--retriever", name, "--rewriter", tiny_model_folder, "--out", out),
        *("--steps", 1, "--batch", 8, "--group", 4, "--max-tokens", 8),
    )
    assert trained.code == 0, trained.err
    asked = ("evaluate", tiny_dataset_folder, "--rewriter", out, "--queries", 4, "--out", tmp_path / "o")
    refused = grape(*asked)
    assert refused.code == 2
    assert refused.error_lines[-1].endswith(f"is code, {name}; if it is yours, name it: --retriever {name}")
    found = grape(*asked, "--retriever", name)
    assert found.code == 0, found.err


def test_first_page(own_reward: Callable[[str], OwnReward]) -> None:
    scores = np.arange(20.0)[None].repeat(2, axis=0)
    found = Candidates(scores, [np.array([10]), np.array([9])])  # the tenth and the eleventh place
    assert own_reward("examples.own_reward:first_page")(["a b", "a b c"], found) == pytest.approx([0.98, -0.03])


def test_first_page_is_trained_for_by_a_config(
    grape, tiny_dataset_folder: Path, tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    out = tmp_path / "run"
    config = {
        "data": str(tiny_dataset_folder),
        "retriever": "examples.own_retriever:Trigrams",
        "rewriter": str(tiny_model_folder),
        "out": str(out),
        "reward": "examples.own_reward:first_page",
        **{"steps": 2, "batch": 8, "group": 4, "max_tokens": 8},
    }
    file = tmp_path / "run.yaml"
    file.write_text(yaml.safe_dump(config))
    trained = grape("train", file)
    assert trained.code == 0, trained.err
    rows = [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]
    earned = [row["rewards/examples.own_reward:first_page/mean"] for row in rows if row["step"]]
    assert len(earned) == 2
    assert all(-0.08 <= mean <= 1 for mean in earned)  # at most a word a token
