"""What a run trains on: the columns that its rewards need, and which queries come first."""

from pathlib import Path

import numpy as np
import pytest

from grape_rewrite.datasets import Dataset, Split
from grape_rewrite.index import Index
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.training import Task, TrainingConfig
from grape_rewrite.training.queries import hard_items
from grape_rewrite.training.table import training_table


@pytest.fixture
def rewriter(tiny_model_folder: Path, tiny_prompt: Prompt, index: Index) -> Rewriter:
    found = Rewriter.load(str(tiny_model_folder), tiny_prompt, max_tokens=6)
    found.restrict_to_words([item.text or "" for item in index.corpus])
    return found


@pytest.fixture
def task(index: Index, tiny_dataset: Dataset, tiny_prompt: Prompt) -> Task:
    return Task("tiny", index, tiny_dataset, tiny_prompt)


def test_each_prompt_has_what_its_reward_needs(rewriter: Rewriter, task: Task) -> None:
    split, corpus = task.dataset.train, task.index.corpus
    table = training_table(rewriter, [task], TrainingConfig.of(batch=16, group=4, steps=3))
    assert len(table) == 3 * 4
    ranks = task.index.ranks(split.texts, split)
    for row in table:
        (place,) = (number for number, text in enumerate(split.texts) if text == row["query"])
        assert row["prompt"] == rewriter.prompt_text(row["query"])
        assert row["positives"] == split.positives(corpus)[place].tolist()
        assert row["rank_before"] == ranks[place]
    assert "hard" not in table.column_names


def test_a_pool_has_its_hard_items(rewriter: Rewriter, task: Task) -> None:
    split = task.dataset.train
    table = training_table(rewriter, [task], TrainingConfig.of(batch=16, group=4, steps=2, pool=8, hard=0.5))
    assert len(table) == 2 * 4
    for row in table:
        place = split.texts.index(row["query"])
        wanted = hard_items(rewriter, task.index, split, np.array([place]), 4)
        assert row["hard"] == wanted[place].tolist()
        assert len(row["hard"]) == 4


def test_a_pool_without_hard_items_asks_for_none(
    rewriter: Rewriter, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grape_rewrite.training.table.hard_items", None)  # calling it would fail
    config = TrainingConfig.of(batch=16, group=4, steps=2, pool=8, hard=0.0)
    assert [row["hard"] for row in training_table(rewriter, [task], config)] == [[]] * 8


def test_what_is_solved_comes_last_in_a_round(rewriter: Rewriter, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    split = task.dataset.train
    solved = {query.text for query in split.queries[::3]}

    def known(_: Rewriter, __: Index, part: Split, ___: object) -> np.ndarray:
        return np.array([text in solved for text in part.texts], dtype=bool)

    monkeypatch.setattr("grape_rewrite.training.table.already_solved", known)
    steps = len(split) // 4
    assert 4 * steps == len(split)
    flags = {}
    for weight in (0.0, 1.0):
        config = TrainingConfig.of(batch=16, group=4, steps=steps, solved_weight=weight)
        drawn = list(training_table(rewriter, [task], config)["query"])
        assert sorted(drawn) == sorted(split.texts)
        flags[weight] = [query in solved for query in drawn]
    assert flags[0.0] == sorted(flags[0.0])
    assert flags[1.0] != sorted(flags[1.0])
