"""Fusion of several texts, against ranx and what must hold for any vectors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from ranx import Run, fuse
from scipy.stats import rankdata

from grape_rewrite.strategies.fusion import mean_vector, reciprocal_rank_fusion


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.sampled_from([10, 60]))
def test_reciprocal_rank_fusion_is_that_of_ranx(seed: int, count: int, constant: int) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.permuted(
        np.tile(np.linspace(0, 1, 12), (count, 1)), axis=1
    )  # no ties, which ranx leaves to chance
    runs = [Run({"q": {f"d{item:02}": float(value) for item, value in enumerate(row)}}) for row in scores]
    fused = fuse(runs, method="rrf", params={"k": constant}) if count > 1 else None
    ours = reciprocal_rank_fusion(scores, constant)
    if fused is None:
        expected = [1 / (constant + 12 - rank) for rank in np.argsort(np.argsort(scores[0]))]
    else:
        expected = [fused.run["q"][f"d{item:02}"] for item in range(12)]
    assert ours == pytest.approx(expected, abs=1e-6)


@given(hnp.arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 15)), elements=st.integers(-2, 2)))
def test_equal_scores_share_their_mean_rank(scores: np.ndarray) -> None:
    expected = sum(1 / (60 + rankdata(-row, method="average")) for row in scores)
    assert reciprocal_rank_fusion(scores) == pytest.approx(expected, abs=1e-7)


VECTORS = hnp.arrays(np.float64, st.tuples(st.integers(1, 5), st.just(4)), elements=st.floats(-1, 1)).filter(
    lambda rows: (np.linalg.norm(rows, axis=1) > 0.1).all()
)


@given(VECTORS, st.data())
def test_the_mean_is_a_direction_between(rows: np.ndarray, data: st.DataObject) -> None:
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    weights = data.draw(st.lists(st.floats(0.1, 1), min_size=len(rows), max_size=len(rows)))
    found = mean_vector(rows, weights)
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-5)
    total = (rows * np.array(weights)[:, None]).sum(axis=0)
    if np.linalg.norm(total) > 1e-3:
        # Ranking by it is ranking by the weighted mean of the cosines.
        items = np.eye(4)
        assert items @ found * np.linalg.norm(total) == pytest.approx(np.array(weights) @ (rows @ items.T), abs=1e-5)


def test_opposite_texts_have_no_mean() -> None:
    assert mean_vector(np.array([[1.0, 0.0], [-1.0, 0.0]])).tolist() == [1.0, 0.0]
