"""The retrieval reward as TRL calls it, in TRL's own trainer too."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset as Table
from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback
from trl import GRPOConfig, GRPOTrainer

from grape_rewrite.datasets import Dataset
from grape_rewrite.index import Index
from grape_rewrite.rewards import REWARDS, rank_linear, rank_log, reciprocal_rank
from grape_rewrite.training.retrieval_reward import RetrievalReward


@pytest.mark.parametrize("name", REWARDS)
def test_the_right_words_earn_most(index: Index, name: str) -> None:
    row = index.corpus.position["d0"]
    right, near, wrong, empty = RetrievalReward(index, name)(["red apple", "red", "black tree", ""], [[row]] * 4)
    assert right > near > wrong
    assert name == "margin" or right == pytest.approx(1, abs=1e-3)
    assert empty <= wrong


@pytest.mark.parametrize("name", REWARDS)
def test_empty_rewrites_get_the_lowest_reward(index: Index, name: str) -> None:
    """Whatever place the retriever would give the empty text."""
    rows = list(range(len(index.corpus)))
    texts = [item.text for item in index.corpus]
    reward = RetrievalReward(index, name)
    lowest = min(reward(texts, [[row]] * len(rows))[0] for row in rows)
    for empty in ("", "  ", "\n"):
        assert all(value <= lowest for value in reward([empty] * len(rows), [[row] for row in rows]))


@pytest.mark.parametrize(
    ("name", "third_place"),
    [
        ("rank_linear", rank_linear(np.array([3.0]), np.array([39]))[0]),
        ("rank_log", rank_log(np.array([3.0]), np.array([39]))[0]),
        ("reciprocal_rank", reciprocal_rank(np.array([3.0]))[0]),
        ("ndcg", 1 / np.log2(1 + 3)),
    ],
)
def test_search_gives_the_rank(index: Index, name: str, third_place: float) -> None:
    texts = ["red boat", "green moon", "cat", "blue"]
    found = index.search(texts, k=len(index.corpus))
    third = [[index.corpus.position[hits[2][0]]] for hits in found]
    values = RetrievalReward(index, name)(texts, third)
    tied = [hits[1][1] == hits[2][1] or hits[2][1] == hits[3][1] for hits in found]
    for value, tie in zip(values, tied, strict=True):
        assert tie or value == pytest.approx(third_place)
    assert not all(tied)


@pytest.mark.parametrize("name", REWARDS)
def test_a_pool_of_everything_is_the_corpus(index: Index, name: str) -> None:
    texts = ["red apple", "red", "", "black tree", "green moon"]
    rows = [[0], [0], [3], [3, 4], [12]]
    whole = RetrievalReward(index, name)(texts, rows)
    pooled = RetrievalReward(index, name, uniform=len(index))(texts, rows, hard=[[1, 2]] * 5, draw=[0, 0, 1, 1, 2])
    assert pooled == pytest.approx(whole, abs=1e-5)


def test_a_group_shares_its_pool_and_another_draw_has_another(index: Index) -> None:
    """Rewrites of one query are compared with each other, so they must be measured alike."""
    text = "green"
    reward = RetrievalReward(index, "rank_linear", uniform=6, seed=3)
    arguments = {"positives": [[0]] * 40, "hard": [[1]] * 40}
    same = reward([text] * 40, **arguments, draw=[5] * 40)
    assert len(set(same)) == 1
    different = reward([text] * 40, **arguments, draw=list(range(40)))
    assert len(set(different)) > 1
    assert reward([text] * 40, **arguments, draw=[5] * 40) == same
    [whole] = RetrievalReward(index, "rank_linear")([text], [[0]])
    error = np.std(different) / np.sqrt(len(different))
    assert np.mean(different) == pytest.approx(whole, abs=5 * error)


def test_messages_are_read_like_texts(index: Index) -> None:
    reward = RetrievalReward(index)
    texts = ["red apple", "", " blue cat\n"]
    messages = [[{"role": "assistant", "content": text}] for text in texts]
    assert reward(messages, positives=[[0]] * 3) == reward(texts, positives=[[0]] * 3)


def test_metrics_and_examples(index: Index) -> None:
    logged: dict[str, float] = {}
    reward = RetrievalReward(index)
    reward(
        ["red apple", "", "red boat", "red boat"],
        positives=[[0], [0], [1], [1]],
        prompts=["rot Apfel", "rot Apfel", "rot Boot", "rot Boot"],
        query=["rot Apfel", "rot Apfel", "rot Boot", "rot Boot"],
        rank_before=[9.0, 9.0, 7.0, 7.0],
        log_metric=logged.__setitem__,
    )
    assert logged["empty"] == 0.25
    assert 0.5 < logged["mrr"] < 1
    assert logged["distinct"] == 0.75  # of the two for the boat
    assert logged["zero_variance"] == 0.5  # both rewrites for the boat are worth the same
    examples = reward.examples()
    assert [example.query for example in examples] == ["rot Apfel", "rot Boot"]
    assert (examples[0].rewrite, examples[0].rank_before, examples[0].rank_after) == ("red apple", 9.0, 1.0)


def test_unknown_name(index: Index) -> None:
    with pytest.raises(ValueError, match=r"unknown reward 'rank'; known: rank_linear, .*, or module:function"):
        RetrievalReward(index, "rank")


def test_one_step_of_stock_trl(
    index: Index, tiny_dataset: Dataset, tiny_model_folder: Path, one_step: Callable[..., GRPOConfig]
) -> None:
    split = tiny_dataset.train
    rewards = [RetrievalReward(index, name) for name in REWARDS]
    trainer = GRPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(tiny_model_folder),
        processing_class=AutoTokenizer.from_pretrained(tiny_model_folder),
        reward_funcs=rewards,
        args=one_step(per_device_train_batch_size=8, num_generations=4, max_completion_length=6),
        train_dataset=Table.from_dict(
            {"prompt": split.texts, "positives": [rows.tolist() for rows in split.positives(index.corpus)]}
        ),
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    row = trainer.state.log_history[0]
    assert {*(f"rewards/{name}/mean" for name in REWARDS), "mrr", "empty", "zero_variance"} <= set(row)
    assert 0 <= row["rewards/rank_log/mean"] <= 1
    assert row["mrr"] == pytest.approx(row["rewards/reciprocal_rank/mean"], abs=1e-5)


@pytest.mark.parametrize("uniform", [None, 38])
def test_what_is_excluded_does_not_compete(index: Index, uniform: int | None) -> None:
    texts = ["red apple", "red apple", "", "green moon"]
    first, second = (index.corpus.position[id] for id, _ in index.search(["red apple"], 2)[0])
    positives = [[second], [second], [second], [index.corpus.position[index.search(["green moon"], 1)[0][0][0]]]]
    columns = {} if uniform is None else {"hard": [[first]] * 4, "draw": [0, 1, 2, 3]}
    reward = RetrievalReward(index, "reciprocal_rank", uniform=uniform)
    assert reward(texts, positives, **columns)[:2] == pytest.approx([1 / 2, 1 / 2])
    # Equal rewrites of different queries may exclude different items.
    found = reward(texts, positives, excluded=[[first], [], [first], []], **columns)
    assert found == pytest.approx([1, 1 / 2, 1 / len(index), 1])


@pytest.mark.parametrize("uniform", [None, 15])
def test_a_rewrite_is_searched_with_beside_its_querys_picture(
    composed_index: Index, tiny_composed_folder: Path, uniform: int | None
) -> None:
    split = Dataset.load(tiny_composed_folder).train
    texts = [("red apple", "moon", "red apple")[row % 3] for row in range(len(split))]
    columns: dict[str, list[object]] = {} if uniform is None else {"hard": [[]] * len(split), "draw": [0] * len(split)}
    if (
        uniform is not None
    ):  # a pool is shared by rewrites of one query; of each draw the first one's positives are in it
        columns["draw"] = list(range(len(split)))
    found = RetrievalReward(composed_index, "reciprocal_rank", uniform=uniform)(
        texts,
        [rows.tolist() for rows in split.positives(composed_index.corpus)],
        excluded=[rows.tolist() for rows in split.excluded(composed_index.corpus)],
        picture=[str(query.image) for query in split],
        **columns,
    )
    assert found == pytest.approx((1 / composed_index.ranks(texts, split)).tolist())
    assert len(set(found)) > 1
