import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from grape_rewrite.index.top import top_items

# Few different values, so that most scores are equal to others.
FEW = st.sampled_from([-np.inf, -1.0, 0.0, 0.25, 0.5, 1.0])


@given(arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=FEW), st.integers(0, 15))
def test_equal_to_a_stable_sort_of_everything(scores: np.ndarray, k: int) -> None:
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(top_items(scores, k), expected)


@given(st.integers(0, 2**32 - 1), st.integers(1, 500), st.integers(1, 600))
def test_equal_to_a_stable_sort_of_many(seed: int, size: int, k: int) -> None:
    scores = np.random.default_rng(seed).integers(0, 40, (3, size)).astype(np.float32)
    np.testing.assert_array_equal(top_items(scores, k), np.argsort(-scores, axis=1, kind="stable")[:, :k])


def test_no_queries() -> None:
    assert top_items(np.zeros((0, 4)), 2).shape == (0, 2)
