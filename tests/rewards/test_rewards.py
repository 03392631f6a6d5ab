"""Rewards as functions of ranks, scores and texts: their ends, their order, their bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.rewards import brevity, rank_linear, rank_log, reciprocal_rank, well_formed

RANK_REWARDS = {
    "rank_linear": rank_linear,
    "rank_log": rank_log,
    "reciprocal_rank": lambda ranks, _: reciprocal_rank(ranks),
}
NAMES = pytest.mark.parametrize("name", RANK_REWARDS)
COMPETITORS = st.integers(1, 10**6)
TEXTS = st.text(st.sampled_from(["a", "b", " ", "\n", ":", "é"]), max_size=8)


@NAMES
@given(competitors=COMPETITORS, data=st.data())
def test_better_ranks_earn_more(name: str, competitors: int, data: st.DataObject) -> None:
    halves = st.integers(2, 2 * (competitors + 1)).map(lambda twice: twice / 2)  # a tie counts one half
    better, worse = sorted(data.draw(st.tuples(halves, halves)))
    first, second = RANK_REWARDS[name](np.array([better, worse]), np.array([competitors] * 2))
    assert 0 <= second <= first <= 1
    assert (first > second) == (better < worse)


@NAMES
@given(competitors=COMPETITORS)
def test_the_ends(name: str, competitors: int) -> None:
    first, last = RANK_REWARDS[name](np.array([1, competitors + 1]), np.array([competitors] * 2))
    assert first == 1
    assert last == pytest.approx(1 / (competitors + 1) if name == "reciprocal_rank" else 0, abs=1e-12)


@NAMES
def test_nothing_to_compete_with(name: str) -> None:
    assert RANK_REWARDS[name](np.array([1.0]), np.array([0])) == [1.0]


@given(rank=st.integers(1, 1000), competitors=st.integers(4000, 10**6))
def test_every_halving_is_worth_the_same(rank: int, competitors: int) -> None:
    once, twice, four_times = rank_log(np.array([rank, 2 * rank, 4 * rank]), np.array([competitors] * 3))
    assert once - twice == pytest.approx(twice - four_times)


@given(st.lists(st.tuples(TEXTS, st.booleans()), max_size=8))
def test_well_formed_is_a_line_that_ended(cases: list[tuple[str, bool]]) -> None:
    values = well_formed([text for text, _ in cases], [ended for _, ended in cases], ["a:"])
    assert values.shape == (len(cases),)
    for (text, ended), value in zip(cases, values, strict=True):
        lines = [line for line in text.strip().split("\n") if line.strip()]
        labelled = any(word.startswith("a:") for word in text.split())
        assert value == (ended and len(lines) == 1 and not labelled and "\n" not in text.strip())


@pytest.mark.parametrize(
    ("text", "markers", "fine"),
    [
        ("Query: apple", ["Query:", "English:"], False),
        ("Query:apple", ["Query:", "English:"], False),
        ("apple English: pear", ["Query:", "English:"], False),
        ("USA: stripes", ["Q:", "A:"], True),
        ("stripes A: stars", ["Q:", "A:"], False),
        ("a queue of queens", ["q", "an"], True),
        ("a queue, and q", ["q", "an"], False),
        ("a clock: ten past ten", [":"], True),
        ("one + two = three", ["=", "+"], True),
    ],
)
def test_a_marker_is_a_label_of_the_prompt(text: str, markers: list[str], fine: bool) -> None:
    assert well_formed([text], [True], markers) == [fine]


@given(lengths=st.lists(st.integers(0, 100), min_size=1), free=st.integers(0, 50), more=st.integers(1, 50))
def test_brevity_falls_from_one_to_nothing(lengths: list[int], free: int, more: int) -> None:
    lengths = sorted(lengths)
    values = brevity(lengths, free, free + more)
    assert ((values >= 0) & (values <= 1)).all()
    assert (np.diff(values) <= 0).all()
    for length, value in zip(lengths, values, strict=True):
        assert (value == 1) == (length <= free)
        assert (value == 0) == (length >= free + more)


def test_brevity_without_room() -> None:
    with pytest.raises(ValueError, match="limit 4 must exceed free 4"):
        brevity([1], 4, 4)
