"""Several tasks at once: every step has all of them, each with its own corpus, prompt and reward."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.datasets import Corpus, Dataset, write_dataset
from grape_rewrite.errors import UserError
from grape_rewrite.index import Index
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.rewriting.adapter import read_adapter
from grape_rewrite.training import Task, TrainingConfig, read_task, train
from grape_rewrite.training.look import Look, Looks
from grape_rewrite.training.retrieval_reward import RetrievalReward
from grape_rewrite.training.run_folder import RunFolder
from grape_rewrite.training.table import training_table
from grape_rewrite.training.task import TaskReward, shares

LONG = Prompt("Name the thing.", "Text: {query}\nThing:", (("noir chien", "black dog"),))


@pytest.fixture(scope="module")
def other_folder(tiny_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The French half of the tiny data set over the last thirty of its items, in another order."""
    folder = tmp_path_factory.mktemp("other")
    items = list(tiny_dataset.corpus)[:9:-1]
    kept = {item.id for item in items}
    qrels = {
        name: {
            query: judged
            for query, judged in tiny_dataset.split(name).only(["fr"]).qrels.items()
            if set(judged) <= kept
        }
        for name in ("train", "dev", "test")
    }
    write_dataset(folder, items, tiny_dataset.queries.values(), qrels)
    return folder


@pytest.fixture
def other(other_folder: Path, index: Index, cache: Path) -> Task:
    dataset = Dataset.load(other_folder)
    return Task("other", index.retriever.index(dataset.corpus), dataset, LONG)


@given(st.integers(0, 500), st.integers(1, 20))
def test_shares_are_equal_as_far_as_they_go(total: int, parts: int) -> None:
    found = shares(total, parts)
    assert sum(found) == total
    assert max(found) - min(found) <= 1
    assert found == sorted(found, reverse=True)


def test_each_completion_is_judged_by_its_own_task(index: Index, other: Task) -> None:
    texts = ["red apple", "red", "green moon", "black tree", "", "blue boat"]
    number = [0, 1, 1, 0, 1, 0]
    rewards = [RetrievalReward(index), RetrievalReward(other.index, "similarity")]
    rows = [[20 + row] for row in range(len(texts))]
    found = TaskReward(rewards)(texts, task=number, positives=rows, trainer_state=None)
    alone = [reward(texts, rows) for reward in rewards]
    assert found == pytest.approx([alone[task][row] for row, task in enumerate(number)])
    only = TaskReward(rewards)(texts, task=[1] * len(texts), positives=rows)  # a process may see one task alone
    assert only == pytest.approx(alone[1])


def test_each_step_has_equal_shares_of_all_tasks(
    index: Index, other: Task, tiny_dataset: Dataset, tiny_model_folder: Path, tiny_prompt: Prompt
) -> None:
    rewriter = Rewriter.load(str(tiny_model_folder), tiny_prompt)
    tasks = [Task("tiny", index, tiny_dataset, tiny_prompt), other]
    config = TrainingConfig.of(batch=20, group=4, steps=3)
    table = training_table(rewriter, tasks, config)
    assert table["task"] == [0, 0, 0, 1, 1] * 3
    for row in table:
        task = tasks[row["task"]]
        asked = rewriter.with_prompt(task.prompt).prompt_text(row["query"])
        assert row["prompt"] == asked
        query = next(query for query in task.dataset.train if query.text == row["query"])
        assert {task.index.corpus.ids[item] for item in row["positives"]} == set(task.dataset.train.qrels[query.id])
    alone = training_table(rewriter, tasks[:1], TrainingConfig.of(batch=12, group=4, steps=3))
    assert [row["query"] for row in table if row["task"] == 0] == alone["query"]


def test_a_look_at_several_tasks_is_their_mean(
    index: Index, other: Task, tiny_dataset: Dataset, tiny_model_folder: Path, tiny_prompt: Prompt
) -> None:
    rewriter = Rewriter.load(str(tiny_model_folder), tiny_prompt, max_tokens=5)
    rewriter.model.train()
    looks = {
        "tiny": Look(rewriter, index, tiny_dataset.dev),
        "other": Look(rewriter, other.index, other.dataset.dev, LONG),
    }
    found = Looks(looks)()
    assert rewriter.model.training
    rewrites = rewriter.with_prompt(LONG).likeliest(other.dataset.dev.texts)
    ranks = other.index.ranks(rewrites, other.dataset.dev)
    assert found["dev_mrr/other"] == pytest.approx(float(np.mean(1 / ranks)))
    assert found["dev_mrr"] == pytest.approx((found["dev_mrr/tiny"] + found["dev_mrr/other"]) / 2)
    assert Looks({"tiny": looks["tiny"]})() == looks["tiny"]()


def test_an_adapter_of_two_tasks_knows_both(
    begin: Callable[..., Any], index: Index, other: Task, tmp_path: Path, tiny_prompt: Prompt
) -> None:
    run = begin(tmp_path / "run", also=[other])
    rows = RunFolder(run.folder).rows()
    assert {"dev_mrr/other", "dev_recall@10/other"} <= set(rows[0])
    assert rows[-1]["dev_mrr"] == pytest.approx(np.mean([rows[-1][key] for key in rows[-1] if "dev_mrr/" in key]))
    facts = read_adapter(run.folder)
    retriever = index.retriever.fingerprint()
    assert [task.prompt for task in facts.tasks] == [tiny_prompt, LONG]
    for searched, prompt in ((index, tiny_prompt), (other.index, LONG)):
        task = facts.task_for(retriever, searched.corpus.fingerprint())
        assert task is not None
        assert task.prompt == prompt
    unknown = Corpus([item for item in index.corpus if item.id != "d0"])
    assert facts.task_for(retriever, unknown.fingerprint()) is None
    assert facts.task_for("another", index.corpus.fingerprint()) is None


def test_the_same_seed_gives_the_same_run(begin: Callable[..., Any], other: Task, tmp_path: Path) -> None:
    first, second = (
        [{key: value for key, value in row.items() if "seconds" not in key} for row in RunFolder(run.folder).rows()]
        for run in (begin(tmp_path / name, steps=2, also=[other]) for name in ("a", "b"))
    )
    # Times, and what TRL says of them, differ.
    assert [row["dev_mrr"] for row in first if "dev_mrr" in row] == [
        row["dev_mrr"] for row in second if "dev_mrr" in row
    ]
    assert [row.get("reward") for row in first] == [row.get("reward") for row in second]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"batch": 4, "group": 4}, "a step needs 0 of its 1 queries from a task whose train split has 18"),
        ({"batch": 152, "group": 4}, "a step needs 19 of its 38 queries from a task whose train split has 18"),
        ({"pool": 36}, "pool=36: the corpus has 30 items"),
    ],
)
def test_impossible_tasks(
    begin: Callable[..., Any], other: Task, tmp_path: Path, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        begin(tmp_path / "run", **values, also=[other])
    assert not (tmp_path / "run").exists()


def test_two_tasks_of_one_name(begin: Callable[..., Any], other: Task, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="task other is named twice"):
        begin(tmp_path / "run", also=[other, other])


def test_a_further_task_of_the_name_of_the_first(
    begin: Callable[..., Any], other: Task, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    again = replace(other, name=tiny_dataset.name)
    with pytest.raises(UserError, match=f"task {re.escape(tiny_dataset.name)} is named twice"):
        begin(tmp_path / "run", also=[again])


def test_two_ways_to_reason(
    tiny_chat_folder: Path, index: Index, tiny_dataset: Dataset, other: Task, tmp_path: Path, small: Any
) -> None:
    rewriter = Rewriter.load(str(tiny_chat_folder), Prompt("Think.", answer_after="</think>"))
    with pytest.raises(UserError, match="task other: its prompt's answer_after must be that of the first task"):
        train(rewriter, index, tiny_dataset, tmp_path / "run", **small, also=[other])


def test_a_task_is_read_from_its_name(other_folder: Path, index: Index, cache: Path) -> None:
    task = read_task(f"{other_folder}:tiny:long-form", load=lambda name: index.retriever)
    assert task.prompt.markers == ["Text:", "Picture:"]
    assert len(task.index) == 30
    assert read_task(str(other_folder), load=lambda name: index.retriever).prompt.markers == ["Query:", "English:"]
    named: list[str] = []
    read_task(f"{other_folder}:mine:load:long-form", load=lambda name: named.append(name) or index.retriever)
    assert named == ["mine:load"]  # a retriever of the user's own


@pytest.mark.parametrize("spec", ["", ":lite-clip", "a:b:c:d:e", "scenes:", "scenes::long-form"])
def test_what_names_no_task(spec: str) -> None:
    with pytest.raises(UserError, match="names no task; valid is DATA:RETRIEVER:PROMPT"):
        read_task(spec)
