"""Rewards of scores: against scipy, ranx and the evaluation's own metrics, and what must not change them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from ranx import Qrels, Run
from ranx import evaluate as ranx_evaluate
from scipy.special import log_softmax

from grape_rewrite.rewards import REWARDS, Candidates, contrastive, margin, ndcg, similarity

# Few distinct values, so that ties are frequent.
SCORES = hnp.arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(2, 20)), elements=st.integers(-3, 3))


@st.composite
def judged(draw: st.DrawFn) -> tuple[np.ndarray, list[np.ndarray]]:
    scores = draw(SCORES)
    columns = st.sets(st.integers(0, scores.shape[1] - 1), min_size=1, max_size=scores.shape[1])
    return scores, [np.array(sorted(draw(columns))) for _ in scores]


@st.composite
def repeated(draw: st.DrawFn) -> tuple[np.ndarray, list[np.ndarray], np.ndarray, np.ndarray]:
    """A judged row; how often each item occurs, positives once; and the row with every item as often as that."""
    scores, positives = draw(judged())
    row, relevant = scores[0], positives[0]
    counts = draw(hnp.arrays(np.int64, len(row), elements=st.integers(1, 4)))
    counts[relevant] = 1
    place = np.cumsum(counts) - counts
    return row, [relevant], counts, (np.repeat(row, counts), [place[relevant]])


@given(judged(), st.floats(0.01, 2))
def test_contrastive_is_a_log_softmax(case: tuple[np.ndarray, list[np.ndarray]], tau: float) -> None:
    scores, positives = case
    for row, relevant, value in zip(scores, positives, contrastive(scores, positives, tau), strict=True):
        others = np.delete(row, relevant).astype(np.float64)
        if len(others) == 0:
            assert value == 1
            continue
        kept = np.r_[row[relevant].max(), others]
        assert value == pytest.approx(1 + log_softmax(kept / tau)[0] / np.log(len(kept)), abs=1e-9)


@given(judged(), st.integers(1, 25))
def test_margin_is_the_distance_to_the_strongest(case: tuple[np.ndarray, list[np.ndarray]], k: int) -> None:
    scores, positives = case
    for row, relevant, value in zip(scores, positives, margin(scores, positives, k), strict=True):
        others = np.sort(np.delete(row, relevant))[::-1][:k]
        expected = row[relevant].max() - others.mean() if len(others) else 0
        assert value == pytest.approx(expected, abs=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_ndcg_is_that_of_ranx(seed: int, k: int) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.permuted(
        np.tile(np.linspace(-1, 1, 15), (3, 1)), axis=1
    )  # without ties, which ranx leaves to chance
    positives = [generator.choice(15, size=generator.integers(1, 6), replace=False) for _ in scores]
    gains = [generator.integers(1, 4, len(rows)) for rows in positives]
    qrels = Qrels(
        {
            f"q{row}": {f"d{item}": int(gain) for item, gain in zip(items, grades, strict=True)}
            for row, (items, grades) in enumerate(zip(positives, gains, strict=True))
        }
    )
    run = Run({f"q{row}": {f"d{item}": float(v) for item, v in enumerate(values)} for row, values in enumerate(scores)})
    expected = ranx_evaluate(qrels, run, f"ndcg@{k}", return_mean=False)
    assert ndcg(scores, positives, k, gains) == pytest.approx(expected, abs=1e-9)


@given(judged())
def test_ndcg_of_ties_lies_between_the_best_and_the_worst_order(case: tuple[np.ndarray, list[np.ndarray]]) -> None:
    scores, positives = case
    scores = scores.astype(np.float64)
    best, worst = scores.copy(), scores.copy()
    for row, relevant in enumerate(positives):
        best[row, relevant] += 0.5
        worst[row, relevant] -= 0.5
    low, found, high = (ndcg(values, positives, k=100) for values in (worst, scores, best))
    assert (low <= found + 1e-9).all()
    assert (found <= high + 1e-9).all()
    assert (high <= 1 + 1e-9).all()


@pytest.mark.parametrize("name", REWARDS)
@given(repeated())
def test_a_weight_counts_like_so_many_items(name: str, case) -> None:
    row, positives, counts, (whole, places) = case
    weighted = REWARDS[name](Candidates([row], positives, weights=[counts]))
    assert weighted == pytest.approx(REWARDS[name](Candidates([whole], places)), abs=1e-6)


@pytest.mark.parametrize("name", REWARDS)
@given(judged(), st.randoms())
def test_the_order_of_the_corpus_does_not_count(name: str, case, random) -> None:
    scores, positives = case
    order = list(range(scores.shape[1]))
    random.shuffle(order)
    place = np.argsort(order)
    moved = Candidates(scores[:, order], [place[relevant] for relevant in positives])
    assert REWARDS[name](moved) == pytest.approx(REWARDS[name](Candidates(scores, positives)), abs=1e-6)


@pytest.mark.parametrize("name", REWARDS)
@given(judged())
def test_a_higher_positive_never_earns_less(name: str, case) -> None:
    scores, positives = case
    raised = scores.copy()
    for row, relevant in zip(raised, positives, strict=True):
        row[relevant[0]] += 1
    assert (REWARDS[name](Candidates(raised, positives)) >= REWARDS[name](Candidates(scores, positives)) - 1e-6).all()


@pytest.mark.parametrize("name", sorted(set(REWARDS) - {"similarity"}))
@given(judged())
def test_raising_all_scores_at_once_earns_nothing(name: str, case) -> None:
    scores, positives = case
    for change in (1.0, -2.0):
        found = REWARDS[name](Candidates(scores + np.float32(change), positives))
        assert found == pytest.approx(REWARDS[name](Candidates(scores, positives)), abs=1e-5)


def test_similarity_rises_with_all_scores_at_once() -> None:
    """What makes it the naive reward."""
    scores = np.array([[0.1, 0.9, 0.5]])
    assert similarity(scores + 1, [np.array([2])]) == similarity(scores, [np.array([2])]) + 1


@pytest.mark.parametrize("name", sorted(set(REWARDS) - {"similarity", "margin", "reciprocal_rank", "ndcg"}))
@pytest.mark.parametrize("size", [3, 100, 10_000])
def test_the_size_of_the_corpus_does_not_count(name: str, size: int) -> None:
    """The first place is worth 1; all scores equal are worth the same, but for the tie that counts one half."""
    level = REWARDS[name](Candidates(np.zeros((1, size)), [np.array([0])]))[0]
    first = REWARDS[name](Candidates(np.eye(1, size), [np.array([0])]))[0]
    expected = {"rank_linear": 0.5, "rank_log": 1 - np.log((size + 1) / 2) / np.log(size), "contrastive": 0}[name]
    assert level == pytest.approx(expected, abs=1e-9)
    assert first == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("name", REWARDS)
def test_what_cannot_be_judged(name: str) -> None:
    with pytest.raises(ValueError, match="row 1 has no positive"):
        REWARDS[name](Candidates(np.zeros((2, 3)), [np.array([0]), np.array([], dtype=int)]))
    with pytest.raises(ValueError, match="2 rows of scores but 1 sets"):
        REWARDS[name](Candidates(np.zeros((2, 3)), [np.array([0])]))
    with pytest.raises(ValueError, match=r"row 1 has a positive twice, \[0, 2, 0\]; each counts once"):
        REWARDS[name](Candidates(np.zeros((2, 3)), [np.array([0]), np.array([0, 2, 0])]))
    for outside in (-1, 3):
        with pytest.raises(ValueError, match=rf"row 0 has 3 scores and positives \[{outside}\]"):
            REWARDS[name](Candidates(np.zeros((1, 3)), [np.array([outside])]))
    if name == "similarity":  # what the candidates stand for does not count
        return
    with pytest.raises(ValueError, match=r"row 0 has the weight -3\.0; each is 0 or more"):
        REWARDS[name](Candidates(np.zeros((1, 3)), [np.array([0])], weights=[np.array([1.0, 1.0, -3.0])]))


@pytest.mark.parametrize("name", REWARDS)
@pytest.mark.parametrize("column", [0, 2])
@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_a_score_that_is_no_number_earns_nothing(name: str, column: int, precision: type) -> None:
    """Be it that of the positive or of another item, of one array or of several."""
    scores = np.array([[0.5, 0.2, 0.9], [0.5, 0.2, 0.9]], dtype=precision)
    scores[1, column] = np.nan
    for rows in (scores, list(scores)):
        with pytest.raises(ValueError, match=f"row 1 has a score that is not a number, in column {column}"):
            REWARDS[name](Candidates(rows, [np.array([0]), np.array([0])]))


@pytest.mark.parametrize(
    ("gains", "words"),
    [
        ([[1], [0, 0]], r"row 1 has the gains \[0, 0\]; each must be above 0"),
        ([[1], [2, -1]], r"row 1 has the gains \[2, -1\]"),
        ([[1.0], [2.0, np.nan]], r"row 1 has the gains \[2.0, nan\]"),
        ([[1], [2]], "row 1 has 1 gains for 2 positives"),
        ([[1]], "1 rows of gains but 2 sets of positives"),
    ],
)
def test_gains_that_are_none(gains: list[list[float]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ndcg(np.eye(2, 4), [np.array([0]), np.array([1, 2])], gains=[np.array(row) for row in gains])


@pytest.mark.parametrize("name", ["reciprocal_rank", "ndcg", "margin"])
def test_among_more_items_the_same_text_earns_less(name: str) -> None:
    """Unlike the rank rewards, whose ends are the same for any size."""
    draw = np.random.default_rng(0).normal(size=(400, 1001))
    few, many = (REWARDS[name](Candidates(draw[:, :size], [np.array([0])] * 400)).mean() for size in (51, 1001))
    linear = [REWARDS["rank_linear"](Candidates(draw[:, :size], [np.array([0])] * 400)).mean() for size in (51, 1001)]
    assert many < few - 0.02
    assert linear[0] == pytest.approx(linear[1], abs=0.01)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda s, p: ndcg(s, p, k=0), "k is 0"),
        (lambda s, p: margin(s, p, k=0), "k is 0"),
        (lambda s, p: contrastive(s, p, tau=0), "tau is 0"),
        (lambda s, p: margin(s, p, weights=[np.ones(2)]), "not as long"),
    ],
)
def test_impossible_settings(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call(np.zeros((1, 3)), [np.array([0])])
