"""What a run trains on: the columns that its rewards need, and which queries come first."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import ranx

from grape_rewrite.datasets import Dataset, Split
from grape_rewrite.index import Index
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.training import Task, TrainingConfig
from grape_rewrite.training.queries import hard_items
from grape_rewrite.training.retrieval_reward import RetrievalReward
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


@pytest.mark.parametrize("pool", [None, 40])  # of all that there is
def test_grades_reach_the_reward(
    rewriter: Rewriter, index: Index, tiny_dataset_folder: Path, tiny_prompt: Prompt, tmp_path: Path, pool: int | None
) -> None:
    """From `qrels/train.tsv` to nDCG, as ranx has it."""
    shutil.copytree(tiny_dataset_folder, tmp_path / "graded")
    judgements = tmp_path / "graded" / "qrels" / "train.tsv"
    head, *lines = judgements.read_text().splitlines()
    grades = {line.split("\t")[0]: {line.split("\t")[1]: 1, f"d{number % 40}": 3} for number, line in enumerate(lines)}
    rows = [f"{query}\t{item}\t{grade}" for query, found in grades.items() for item, grade in found.items()]
    judgements.write_text("\n".join([head, *rows]) + "\n")
    task = Task("graded", index, Dataset.load(tmp_path / "graded"), tiny_prompt)
    table = training_table(rewriter, [task], TrainingConfig.of(batch=16, group=4, steps=4, pool=pool)).to_dict()
    texts = [item.text or "" for item in index.corpus][: len(table["query"])]
    named = {query.text: query.id for query in task.dataset.train.queries}
    wanted = {f"{row:02}": grades[named[query]] for row, query in enumerate(table["query"])}
    assert sum(len(found) == 2 for found in wanted.values()) > len(wanted) / 2
    run = {f"{row:02}": dict(hits) for row, hits in enumerate(index.search(texts, len(index)))}
    theirs = ranx.evaluate(ranx.Qrels(wanted), ranx.Run(run), "ndcg@10", return_mean=False)
    columns = {key: table[key] for key in ("gains", "excluded", "draw", *(["hard"] if pool else []))}
    ours = RetrievalReward(index, "ndcg", uniform=pool)(texts, table["positives"], **columns)
    distinct = [len(set(found.values())) == len(found) for found in run.values()]  # ranx breaks ties by their place
    assert sum(distinct) > len(distinct) / 2
    assert [one for one, apart in zip(ours, distinct, strict=True) if apart] == pytest.approx(
        [one for one, apart in zip(theirs, distinct, strict=True) if apart], abs=1e-6
    )
    assert len(set(ours)) > 2


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
