"""The hashes of weights, files and source: whatever changes in them shows, and nothing else does."""

import hashlib
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.fingerprint import CHUNK, content_hash, source_hash, weights_hash


def network(dtype: torch.dtype = torch.float32) -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2)).to(dtype)


def test_equal_networks_have_equal_hashes() -> None:
    assert weights_hash(network().state_dict(), "a") == weights_hash(network().state_dict(), "a")
    assert len(weights_hash(network().state_dict())) == 64


@given(st.integers(0, 2), st.integers(0, 2), st.floats(1e-6, 1))
def test_any_weight_counts(row: int, column: int, change: float) -> None:
    changed = network()
    with torch.no_grad():
        changed[0].weight[row, column] += change
    assert weights_hash(changed.state_dict()) != weights_hash(network().state_dict())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_every_number_format_is_hashed(dtype: torch.dtype) -> None:
    assert weights_hash(network(dtype).state_dict()) == weights_hash(network(dtype).state_dict())
    assert weights_hash(network(dtype).state_dict()) != weights_hash(network().state_dict())


def test_shapes_buffers_and_settings_count() -> None:
    reshaped, moved = network(), network()
    reshaped[0].weight = torch.nn.Parameter(reshaped[0].weight.reshape(3, 4))
    moved[1].running_mean += 1
    prints = [weights_hash(network().state_dict(), *settings) for settings in ((), ("ab",), ("a", "b"), ("b", "a"))]
    prints += [weights_hash(reshaped.state_dict()), weights_hash(moved.state_dict())]
    assert len(set(prints)) == len(prints)


def test_layout_in_memory_does_not_count() -> None:
    turned = network()
    turned[0].weight = torch.nn.Parameter(turned[0].weight.t().contiguous().t())
    assert weights_hash(turned.state_dict()) == weights_hash(network().state_dict())


def test_a_file_of_several_chunks_has_the_hash_of_its_content(tmp_path: Path) -> None:
    content = bytes(range(256)) * (CHUNK // 256) + b"and more"
    (tmp_path / "file").write_bytes(content)
    assert content_hash(tmp_path / "file") == hashlib.sha256(content).hexdigest()


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def test_content_and_names_of_the_source_count(tmp_path: Path) -> None:
    files = {"a.py": "x = 1", "b/c.py": "y = 2"}
    first = source_hash(write(tmp_path / "first", files))
    for place, others in enumerate(
        [
            {**files, "a.py": "x = 2"},
            {**files, "d.py": ""},
            {"a.py": "x = 1", "b/d.py": "y = 2"},
            {"a.py": "x = 1y", "b/c.py": " = 2"},
        ]
    ):
        assert source_hash(write(tmp_path / str(place), others)) != first


def test_neither_where_it_lies_nor_what_is_no_source_counts(tmp_path: Path) -> None:
    files = {"a.py": "x = 1", "b/c.py": "y = 2"}
    found = [
        source_hash(write(tmp_path / "first", files)),
        source_hash(write(tmp_path / "second", dict(reversed(files.items())))),
        source_hash(write(tmp_path / "third", {**files, "b/__pycache__/c.pyc": "z", "page.html": "<p>"})),
    ]
    assert found == [found[0]] * 3
    assert len(found[0]) == 64
