"""Which queries a run trains on."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from grape_rewrite.datasets import Dataset, Split
from grape_rewrite.index import Index
from grape_rewrite.rewards import best_positive_rank
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.training.queries import already_solved, draw_queries, hard_items


@st.composite
def draws(draw: st.DrawFn) -> tuple[np.ndarray, int, int, int]:
    weights = np.array(draw(st.lists(st.floats(1e-9, 1), min_size=1, max_size=30)))
    batch = draw(st.integers(1, len(weights)))
    return weights, draw(st.integers(0, 100)), batch, draw(st.integers(0, 10))


def draw_of(weights: np.ndarray, *arguments: int) -> np.ndarray:
    return draw_queries(lambda rows: weights[rows], len(weights), *arguments)


def plainly(weights: np.ndarray, count: int, batch: int, seed: int) -> np.ndarray:
    """The same draw with all weights known: sort everything, take the first that is not in the batch yet."""
    generator = np.random.default_rng(seed)
    drawn: list[int] = []
    left: list[int] = []
    while len(drawn) < count:
        chosen: list[int] = []
        while len(chosen) < batch:
            left = left or np.argsort(generator.exponential(size=len(weights)) / weights).tolist()
            place = next((place for place, query in enumerate(left) if query not in chosen), None)
            if place is None:
                left = []
            else:
                chosen.append(left.pop(place))
        drawn += chosen
    return np.array(drawn[:count])


@given(draws())
def test_asking_late_for_weights_changes_nothing(arguments: tuple[np.ndarray, int, int, int]) -> None:
    assert draw_of(*arguments).tolist() == plainly(*arguments).tolist()


def test_few_draws_need_few_weights() -> None:
    weights = np.where(np.arange(10_000) % 3, 1.0, 0.2)
    asked: list[int] = []

    def weigh(rows: np.ndarray) -> np.ndarray:
        asked.extend(rows.tolist())
        return weights[rows]

    drawn = draw_queries(weigh, 10_000, 320, 32, 0)
    assert drawn.tolist() == plainly(weights, 320, 32, 0).tolist()
    assert set(drawn.tolist()) <= set(asked)
    assert len(asked) == len(set(asked)) < 1_000


@given(draws())
def test_numbers_of_queries_none_twice_in_a_batch(arguments: tuple[np.ndarray, int, int, int]) -> None:
    weights, count, batch, _ = arguments
    drawn = draw_of(*arguments)
    assert len(drawn) == count
    assert all(0 <= query < len(weights) for query in drawn)
    for start in range(0, count, batch):
        step = drawn[start : start + batch].tolist()
        assert len(set(step)) == len(step)


@given(draws())
def test_depends_on_the_arguments_alone(arguments: tuple[np.ndarray, int, int, int]) -> None:
    np.random.seed(1)
    first = draw_of(*arguments)
    np.random.seed(2)
    assert (draw_of(*arguments) == first).all()


@given(draws())
def test_a_longer_run_begins_as_a_shorter_one(arguments: tuple[np.ndarray, int, int, int]) -> None:
    weights, count, batch, seed = arguments
    assert (draw_of(weights, count + batch, batch, seed)[:count] == draw_of(*arguments)).all()


@given(draws())
def test_all_queries_before_any_again(arguments: tuple[np.ndarray, int, int, int]) -> None:
    weights, _, batch, seed = arguments
    rounds = len(weights) // batch
    drawn = draw_of(weights, rounds * batch, batch, seed)
    assert len(set(drawn.tolist())) == rounds * batch


def test_weights_are_probabilities() -> None:
    """The first query of a run, over many seeds."""
    weights = np.array([0.1, 0.5, 0.5, 0.1, 1.0])
    first = Counter(int(draw_of(weights, 1, 1, seed)[0]) for seed in range(3000))
    for query, weight in enumerate(weights):
        assert binomtest(first[query], 3000, weight / weights.sum()).pvalue > 1e-3


def test_a_batch_larger_than_all() -> None:
    with pytest.raises(ValueError, match="3 queries cannot be drawn from 2"):
        draw_of(np.ones(2), 3, 3, 0)


def test_solved_is_first_both_raw_and_rewritten(
    tiny_model_folder: Path, tiny_prompt: Prompt, index: Index, tiny_dataset: Dataset
) -> None:
    rewriter = Rewriter.load(str(tiny_model_folder), tiny_prompt)
    queries = tiny_dataset.train.queries[:12]
    texts = [query.text for query in queries]
    # The item to find: what the raw query finds first, what its rewrite finds first, and neither, in turn.
    found = [index.scores(texts), index.scores(rewriter.likeliest(texts))]
    target = [int(found[row % 2][row].argmax() if row % 3 else found[0][row].argmin()) for row in range(12)]
    ids = [item.id for item in index.corpus]
    split = Split("own", queries, {query.id: {ids[place]: 1} for query, place in zip(queries, target, strict=True)})
    raw, rewritten = (best_positive_rank(scores, [np.array([place]) for place in target]) for scores in found)
    assert already_solved(rewriter, index, split, raw).tolist() == ((raw == 1) & (rewritten == 1)).tolist()
    everywhere = already_solved(rewriter, index, split, np.ones(12))
    assert everywhere.tolist() == (rewritten == 1).tolist()
    assert 0 < everywhere.sum() < 12
    assert not already_solved(rewriter, index, split, np.full(12, 2.0)).any()


def test_hard_items_are_the_best_of_both_in_turn(
    index: Index, tiny_dataset: Dataset, tiny_model_folder: Path, tiny_prompt: Prompt
) -> None:
    rewriter = Rewriter.load(str(tiny_model_folder), tiny_prompt, max_tokens=6)
    rewriter.restrict_to_words([item.text or "" for item in index.corpus])
    split = tiny_dataset.train
    found = hard_items(rewriter, index, split, np.array([5, 2, 5]), 6)
    assert set(found) == {2, 5}
    for row, items in found.items():
        best = [index.search([text], 7)[0] for text in (split.texts[row], rewriter.likeliest([split.texts[row]])[0])]
        wanted = [index.corpus.position[hit[0]] for pair in zip(*best, strict=True) for hit in pair]
        positives = split.positives(index.corpus)[row]
        assert items.tolist() == [item for item in dict.fromkeys(wanted) if item not in positives][:6]
