import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from grape_rewrite.errors import UserError
from grape_rewrite.retrievers.unit import unit_rows


@given(arrays(np.float32, (3, 5), elements=st.floats(0.125, 1000, width=32)))
def test_equal_to_torch(features: np.ndarray) -> None:
    expected = torch.nn.functional.normalize(torch.from_numpy(features), dim=-1).numpy()
    np.testing.assert_allclose(unit_rows(features, "a"), expected, atol=1e-6)


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_a_row_without_direction_is_refused(value: float) -> None:
    features = np.ones((3, 2))
    features[1] = value
    with pytest.raises(UserError, match=r"retriever broken gave .* \(input 1 of 3\)"):
        unit_rows(features, "broken")


def test_no_rows() -> None:
    assert unit_rows(np.zeros((0, 4)), "a").shape == (0, 4)
