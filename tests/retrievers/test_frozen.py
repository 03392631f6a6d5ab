import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.retrievers.frozen import freeze, weights_fingerprint


def network(dtype: torch.dtype = torch.float32) -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2)).to(dtype)


def test_equal_networks_have_equal_fingerprints() -> None:
    assert weights_fingerprint(network(), "a") == weights_fingerprint(network(), "a")
    assert len(weights_fingerprint(network())) == 64


@given(st.integers(0, 2), st.integers(0, 2), st.floats(1e-6, 1))
def test_any_weight_counts(row: int, column: int, change: float) -> None:
    changed = network()
    with torch.no_grad():
        changed[0].weight[row, column] += change
    assert weights_fingerprint(changed) != weights_fingerprint(network())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_every_number_format_is_hashed(dtype: torch.dtype) -> None:
    assert weights_fingerprint(network(dtype)) == weights_fingerprint(network(dtype))
    assert weights_fingerprint(network(dtype)) != weights_fingerprint(network())


def test_shapes_buffers_and_settings_count() -> None:
    reshaped, moved = network(), network()
    reshaped[0].weight = torch.nn.Parameter(reshaped[0].weight.reshape(3, 4))
    moved[1].running_mean += 1
    prints = [weights_fingerprint(network(), *settings) for settings in ((), ("ab",), ("a", "b"), ("b", "a"))]
    prints += [weights_fingerprint(reshaped), weights_fingerprint(moved)]
    assert len(set(prints)) == len(prints)


def test_layout_in_memory_does_not_count() -> None:
    turned = network()
    turned[0].weight = torch.nn.Parameter(turned[0].weight.t().contiguous().t())
    assert weights_fingerprint(turned) == weights_fingerprint(network())


def test_frozen_means_no_training_and_no_gradient() -> None:
    frozen = freeze(network())
    assert not frozen.training
    assert not any(weight.requires_grad for weight in frozen.parameters())
