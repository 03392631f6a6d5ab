"""What a manifest says of the machine and of the code that ran."""

import platform
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import grape_rewrite
from grape_rewrite.ablation import manifest
from grape_rewrite.errors import UserError
from grape_rewrite.fingerprint import source_hash


def test_the_code_is_that_of_this_package() -> None:
    found = manifest.versions()
    assert source_hash(Path(grape_rewrite.__file__).parent).startswith(found["code"])
    assert len(found["code"]) == 12
    assert found["grape-rewrite"]


def test_memory_of_an_accelerator_is_kept_beside_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """`torch` answers for a device that is not there; tests/ablation/test_run.py has what a processor says."""
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"an accelerator at {device}")
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: {"cuda:1": 3.5e9}[device])
    weight = SimpleNamespace(device=torch.device("cuda", 1), dtype=torch.bfloat16)
    model = SimpleNamespace(get_input_embeddings=lambda: SimpleNamespace(weight=weight))
    found = manifest.hardware(model)
    assert (found["accelerator"], found["accelerator_gb"]) == ("an accelerator at cuda:1", 3.5)
    assert found["precision"] == "bfloat16"


def test_a_manifest_of_another_version(tmp_path: Path) -> None:
    (tmp_path / manifest.MANIFEST).write_text('{"arm": "grape"}')
    with pytest.raises(UserError, match=r"manifest\.json does not hold what it should: seed: Field required"):
        manifest.read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("processor\t: 0\nmodel\t\t: 2\nmodel name\t: AMD EPYC: 9R14\n\nmodel name\t: other\n", "AMD EPYC: 9R14"),
        ("processor\t: 0\nCPU part\t: 0xd40\n", "what the system says"),  # as on ARM
        (None, "what the system says"),  # not Linux
    ],
)
def test_the_processor_has_its_model_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, name: str
) -> None:
    if content is not None:
        (tmp_path / "cpuinfo").write_text(content)
    monkeypatch.setattr(manifest, "CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(platform, "processor", lambda: "what the system says")
    assert manifest.processor() == name
    monkeypatch.setattr(platform, "processor", str)  # some systems say nothing
    assert manifest.processor()
