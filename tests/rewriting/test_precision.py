"""Number formats: by name, and what a rewriter computes in."""

from pathlib import Path

import pytest
import torch

from grape_rewrite.errors import UserError
from grape_rewrite.rewriting import Rewriter
from grape_rewrite.rewriting.precision import best_dtype, best_precision, dtype_of, precision_of


@pytest.mark.parametrize(("name", "dtype"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)])
def test_a_rewriter_computes_in_the_format_that_is_asked_for(
    tiny_model_folder: Path, name: str, dtype: torch.dtype
) -> None:
    rewriter = Rewriter.load(str(tiny_model_folder), precision=name)
    assert {parameter.dtype for parameter in rewriter.model.parameters()} == {dtype}
    assert dtype_of(name) == dtype


def test_by_default_it_is_what_the_machine_does_best(tiny_model_folder: Path) -> None:
    assert Rewriter.load(str(tiny_model_folder)).model.dtype == best_dtype() == dtype_of(best_precision())


@pytest.mark.parametrize("has", [True, False])
def test_a_format_that_the_processor_only_emulates_is_warned_of(
    has: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has)
    assert dtype_of("bfloat16") == torch.bfloat16
    assert dtype_of("float32") == torch.float32
    warned = "cpu has no instructions for bfloat16: float32 is many times as fast here"
    assert caplog.messages == ([] if has else [warned])
    assert dtype_of("bfloat16", "mps") == torch.bfloat16
    assert len(caplog.messages) == (not has)


def test_another_format() -> None:
    with pytest.raises(UserError, match="precision='int8' is none of float32, bfloat16"):
        precision_of("int8")
