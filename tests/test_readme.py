"""The README's first snippet runs as it stands, with tiny models in the place of the named ones."""

import re
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from grape_rewrite.rewriting import Prompt

README = Path(__file__).parents[1] / "README.md"


def test_the_first_snippet_runs(
    cache,
    tiny_dataset_folder: Path,
    tiny_retriever_folder: Path,
    tiny_model_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    snippet = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL).group(1)
    for name, folder in {
        "lite-clip": tiny_retriever_folder,
        "scenes": tiny_dataset_folder,
        "gemma-3-270m": tiny_model_folder,
    }.items():
        assert snippet.count(f'"{name}"') == 1
        snippet = snippet.replace(f'"{name}"', repr(str(folder)))
    monkeypatch.chdir(tmp_path)
    exec(compile(snippet, str(README), "exec"), {})
    assert 0 <= float(capsys.readouterr().out.split()[-1]) <= 1
    assert (tmp_path / "runs" / "first" / "grape.json").is_file()


def test_the_prompt_file_is_one() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("    instruction: "))
    prompt = TypeAdapter(Prompt).validate_python(yaml.safe_load("\n".join(lines[start : start + 3])))
    assert prompt.text("Was ist das?").endswith("Question: Was ist das?\nEnglish:")
    assert len(prompt.examples) == 2


def test_what_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#([^)]+))?\)", README.read_text(encoding="utf-8"))
    local = [(path, anchor) for path, anchor in links if "://" not in path]
    assert len(local) > 5
    for path, anchor in local:
        assert (README.parent / path).exists(), path
        if anchor:
            heads = re.findall(r"^#+ (.+)$", (README.parent / path).read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}, anchor
