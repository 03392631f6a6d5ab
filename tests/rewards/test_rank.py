"""The rank of the best positive, against scipy and against what must not change it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import rankdata

from grape_rewrite.rewards import best_positive_rank

# Few distinct values, so that ties are frequent.
SCORES = hnp.arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(2, 30)), elements=st.integers(-3, 3))


@st.composite
def judged(draw: st.DrawFn) -> tuple[np.ndarray, list[np.ndarray]]:
    scores = draw(SCORES)
    columns = st.sets(st.integers(0, scores.shape[1] - 1), min_size=1, max_size=scores.shape[1])
    return scores, [np.array(sorted(draw(columns))) for _ in scores]


@given(judged())
def test_scipy_agrees_when_the_other_positives_are_gone(case: tuple[np.ndarray, list[np.ndarray]]) -> None:
    """scipy's average rank of a tie counts each level item one half, as ours does."""
    scores, positives = case
    for row, relevant, rank in zip(scores, positives, best_positive_rank(scores, positives), strict=True):
        best = relevant[np.argmax(row[relevant])]
        kept = np.r_[best, np.setdiff1d(np.arange(len(row)), relevant)]
        assert rank == rankdata(-row[kept], method="average")[0]


@given(judged())
def test_between_one_and_all_irrelevant_items_above(case: tuple[np.ndarray, list[np.ndarray]]) -> None:
    scores, positives = case
    for rank, relevant in zip(best_positive_rank(scores, positives), positives, strict=True):
        assert 1 <= rank <= 1 + scores.shape[1] - len(relevant)


@given(judged(), st.sampled_from([lambda s: 2 * s + 1, np.exp, lambda s: s**3]), st.randoms())
def test_only_the_order_counts(case: tuple[np.ndarray, list[np.ndarray]], increasing, random) -> None:
    """An increasing map of all scores, and another order of the corpus, change nothing."""
    scores, positives = case
    ranks = best_positive_rank(scores, positives)
    assert (best_positive_rank(increasing(scores.astype(np.float64)), positives) == ranks).all()
    order = list(range(scores.shape[1]))
    random.shuffle(order)
    place = np.argsort(order)
    assert (best_positive_rank(scores[:, order], [place[relevant] for relevant in positives]) == ranks).all()


@given(judged())
def test_other_positives_are_no_competitors(case: tuple[np.ndarray, list[np.ndarray]]) -> None:
    """Raising a positive never makes a rank worse, however many others it passes."""
    scores, positives = case
    ranks = best_positive_rank(scores, positives)
    raised = scores.copy()
    for row, relevant in zip(raised, positives, strict=True):
        row[relevant[0]] += 10
    assert (best_positive_rank(raised, positives) <= ranks).all()
    assert (best_positive_rank(raised, positives) == 1).all()


def test_what_cannot_be_ranked() -> None:
    with pytest.raises(ValueError, match="row 1 has no positive"):
        best_positive_rank(np.zeros((2, 3)), [np.array([0]), np.array([], dtype=int)])
    with pytest.raises(ValueError, match="2 rows of scores but 1 sets"):
        best_positive_rank(np.zeros((2, 3)), [np.array([0])])
