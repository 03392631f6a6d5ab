"""The YAML config of `grape train`."""

import shutil
from pathlib import Path

import pytest

from grape_rewrite.cli.run_config import RunConfig
from grape_rewrite.errors import UserError
from grape_rewrite.rewriting.precision import best_precision


def test_places_may_be_at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "config.yaml").write_text("{data: scenes, rewriter: ~/models/mine, out: ~/runs/mine}")
    config = RunConfig.read(tmp_path / "config.yaml", {})
    assert (config.rewriter, config.out) == (str(tmp_path / "models" / "mine"), tmp_path / "runs" / "mine")
    assert RunConfig.of({"data": "scenes", "out": "runs/~mine"}).out == Path("runs/~mine")


def test_a_rewriter_at_home_is_found(grape, tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tiny_model_folder.parent))
    found = grape("rewrite", f"--rewriter=~/{tiny_model_folder.name}", "rot")
    assert found.code == 0, found.err


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"out": "runs/mine"}, "data is missing; give data: in the config"),
        ({"data": "scenes"}, "out is missing; give --out, or out: in the config"),
    ],
)
def test_what_is_missing_is_said_with_what_there_is_to_give_it(values: dict[str, str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        RunConfig.of(values)


def test_the_number_format_of_the_beginning_is_gone_on_with() -> None:
    config = RunConfig.of({"data": "scenes", "out": "run", "device": "cpu"})
    begun = config.settled()
    assert begun.precision == best_precision("cpu")
    other = "float32" if begun.precision == "bfloat16" else "bfloat16"
    elsewhere = begun.model_copy(update={"precision": other})
    assert config.settled(elsewhere).precision == other
    with pytest.raises(UserError, match=f"was begun with precision='{other}', not '{begun.precision}'"):
        begun.settled(elsewhere)
    assert config.settled(config).precision == begun.precision  # an earlier version did not keep it


def test_a_run_at_home_is_gone_on_with(grape, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    shutil.copytree(adapter, tmp_path / "mine")
    found = grape("train", "--resume", "--out=~/mine")
    assert found.code == 2
    assert f"nothing to resume in {tmp_path / 'mine'}: its run is finished" in found.error_lines[-1]
