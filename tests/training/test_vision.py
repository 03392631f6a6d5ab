"""Training a vision-language model through TRL's own path, on queries that have pictures."""

import itertools
import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from grape_rewrite import Dataset, Index, Rewriter, TrainingConfig, UserError, train
from grape_rewrite.fingerprint import weights_hash
from grape_rewrite.rewriting.adapter import read_adapter
from grape_rewrite.rewriting.asked import Asked
from grape_rewrite.rewriting.prompt import Prompt
from grape_rewrite.training.look import Look
from grape_rewrite.training.table import training_table
from grape_rewrite.training.task import Task

PROMPT = Prompt("Say what the changed picture shows.", examples=(("rot Mond", "red moon"),))
SHORT = "def short(rewrites, candidates):\n    return [-len(rewrite) for rewrite in rewrites]\n"
CONFIG = TrainingConfig.of(
    steps=2, batch=8, group=4, max_tokens=5, learning_rate=0.01, warmup=0, temperature=1.0, evaluate_every=1
)


def last_is_best(look: Callable[[Look], dict[str, float]]) -> Callable[[Look], dict[str, float]]:
    """Let each look find more than the one before."""
    order = itertools.count(1)
    return lambda self: {**look(self), "dev_mrr": float(next(order))}


@pytest.fixture
def dataset(tiny_composed_folder: Path) -> Dataset:
    return Dataset.load(tiny_composed_folder)


@pytest.mark.parametrize("kind", ["qwen2-vl", "qwen2.5-vl"])
def test_a_model_that_sees_is_trained_saved_and_loaded(
    kind: str,
    tiny_vision_folders: dict[str, Path],
    dataset: Dataset,
    composed_index: Index,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The last step counts as the best, whatever it is worth.
    monkeypatch.setattr(Look, "__call__", last_is_best(Look.__call__))
    rewriter = Rewriter.load(str(tiny_vision_folders[kind]), PROMPT, max_tokens=5)
    frozen = {name: weight.clone() for name, weight in rewriter.model.named_parameters()}
    before = weights_hash(frozen)
    asked = composed_index.asked(dataset.test.queries, sees=True)
    assert all(one.picture for one in asked)
    untrained = rewriter.rewrite(asked)
    # Tiny models say what this retriever finds nothing with, so that ranks would all be the same.
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "short_answers.py").write_text(SHORT)
    strong = CONFIG.model_copy(
        update={"learning_rate": 0.1, "batch": 32, "reward": "short_answers:short", "distinct": 1.0}
    )
    trained = train(rewriter, composed_index, dataset, tmp_path / "run", strong)

    weights = load_file(tmp_path / "run" / "adapter_model.safetensors")
    assert weights
    assert all("language_model.layers" in name and "visual" not in name for name in weights)
    assert trained.fingerprint() == before
    rows = [json.loads(line) for line in (tmp_path / "run" / "history.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if "loss" in row or "reward" in row][-1] == 2
    assert {row["temperature"] for row in rows if "reward" in row} == {strong.temperature}  # as TRL samples
    facts = read_adapter(tmp_path / "run")
    assert facts.pictures is True
    assert facts.output_vocabulary is None

    # What is loaded again rewrites as what was returned, and without its adapter as before.
    assert facts.steps == 2
    assert trained.rewrite(asked) != untrained
    loaded = Rewriter.load(str(tmp_path / "run"))
    assert loaded.rewrite(asked) == trained.rewrite(asked)
    assert trained.baselines()["few-shot"].rewrite(asked) == untrained
    with torch.no_grad():
        moved = [weight.abs().sum() for name, weight in trained.model.named_parameters() if "lora_B" in name]
    assert all(float(amount) > 0 for amount in moved)


def test_what_is_rewarded_gets_more_frequent(
    tiny_vision_folders: dict[str, Path],
    dataset: Dataset,
    composed_index: Index,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Look, "__call__", last_is_best(Look.__call__))
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "short_answers.py").write_text(SHORT)
    asked = composed_index.asked(dataset.test.queries, sees=True)
    rewriter = Rewriter.load(str(tiny_vision_folders["qwen2-vl"]), PROMPT, max_tokens=5, precision="float32")
    before = mean_length(rewriter, asked)
    changes = {"steps": 16, "batch": 32, "reward": "short_answers:short", "evaluate_every": 16, "learning_rate": 0.05}
    rewards: list[float] = []
    trained = train(
        rewriter,
        composed_index,
        dataset,
        tmp_path / "run",
        CONFIG.model_copy(update=changes),
        watch=lambda row, _: rewards.append(row[key]) if (key := "rewards/short_answers:short/mean") in row else None,
    )
    assert len(rewards) == 16
    assert mean_length(trained, asked) < 0.9 * before


def mean_length(rewriter: Rewriter, asked: Sequence[Asked]) -> float:
    """Characters of a rewrite in the mean of so many samples that chance moves it by some hundredths."""
    return statistics.fmean(len(one) for few in rewriter.rewrite(asked, 32, temperature=1.0, seed=0) for one in few)


@pytest.mark.parametrize("split", ["train", "dev"])
def test_queries_without_a_picture_are_refused_before_anything_is_trained(
    split: str, tiny_vision_folders: dict[str, Path], dataset: Dataset, composed_index: Index, tmp_path: Path
) -> None:
    rewriter = Rewriter.load(str(tiny_vision_folders["qwen2-vl"]), PROMPT)
    whole = dataset.split(split)
    kept = whole.queries[5]
    queries = [replace(query, image=None) if query is kept else query for query in whole.queries]
    dataset._splits[split] = replace(whole, queries=queries)
    with pytest.raises(UserError, match=f"split {split}: query '{kept.id}' has no picture that can be read"):
        train(rewriter, composed_index, dataset, tmp_path / "run", CONFIG)
    # Nor is one of use whose picture could not be embedded.
    dataset._splits[split] = whole
    row = composed_index.corpus.rows_with(kept.image)[0]
    composed_index.unreadable[row] = "broken"
    [broken] = composed_index.asked([kept], sees=True)
    assert broken.picture is None
    with pytest.raises(UserError, match=f"split {split}: query .* has no picture that can be read"):
        train(rewriter, composed_index, dataset, tmp_path / "run", CONFIG)
    assert not (tmp_path / "run").exists()


def test_each_row_shows_its_own_picture(
    tiny_vision_folders: dict[str, Path], dataset: Dataset, composed_index: Index
) -> None:
    rewriter = Rewriter.load(str(tiny_vision_folders["qwen2-vl"]), PROMPT)
    table = training_table(rewriter, [Task("composed", composed_index, dataset, PROMPT)], CONFIG)
    for row in table:
        [picture] = [part["image"] for turn in row["prompt"] for part in turn["content"] if part["type"] == "image"]
        assert picture.tobytes() == Image.open(row["picture"]).convert("RGB").tobytes()
        assert row["prompt"][-1]["content"][-1]["text"] == row["query"]
