"""What a manifest says of the machine and of the code that ran."""

import platform
from pathlib import Path

import pytest

import grape_rewrite
from grape_rewrite.ablation import manifest
from grape_rewrite.fingerprint import source_hash


def test_the_code_is_that_of_this_package() -> None:
    found = manifest.versions()
    assert source_hash(Path(grape_rewrite.__file__).parent).startswith(found["code"])
    assert len(found["code"]) == 12
    assert found["grape-rewrite"]


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
