"""The README's first snippet runs as it stands, with tiny models in the place of the named ones."""

from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from grape_rewrite.rewriting import Prompt
from tests.documents import local_links, snippet

README = Path(__file__).parents[2] / "README.md"


def test_the_first_snippet_runs(
    cache,
    tiny_dataset_folder: Path,
    tiny_retriever_folder: Path,
    tiny_model_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = {"lite-clip": tiny_retriever_folder, "scenes": tiny_dataset_folder, "gemma-3-270m": tiny_model_folder}
    code = snippet(README, names)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, str(README), "exec"), {})
    assert 0 <= float(capsys.readouterr().out.split()[-1]) <= 1
    assert (tmp_path / "runs" / "first" / "grape.json").is_file()


def test_the_prompt_file_is_one() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("    instruction: "))
    prompt = TypeAdapter(Prompt).validate_python(yaml.safe_load("\n".join(lines[start : start + 3])))
    assert prompt.text("Was ist das?").endswith("Question: Was ist das?\nEnglish:")
    assert len(prompt.examples) == 2


def test_what_it_links_to_is_there() -> None:
    assert len(local_links(README)) > 5
