"""The command line, run in this process as a shell would run it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from transformers import AutoTokenizer, CLIPConfig, CLIPImageProcessorPil, CLIPModel

from grape_rewrite.cli import main


@dataclass
class Outcome:
    """What a command left: exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def error_lines(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("error:")]


@pytest.fixture
def grape(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run `grape` with arguments."""

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["grape", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        found = capsys.readouterr()
        return Outcome(code, found.out, found.err)

    return run


@pytest.fixture(scope="session")
def tiny_clip_folder(tiny_model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A retriever that sees."""
    folder = tmp_path_factory.mktemp("tiny-clip")
    tokenizer = AutoTokenizer.from_pretrained(tiny_model_folder, model_max_length=32)
    trunk = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {**trunk, "vocab_size": len(tokenizer), "max_position_embeddings": 32, "eos_token_id": 1}
    vision = {**trunk, "image_size": 32, "patch_size": 16}
    images = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=16))
    for part in (model, tokenizer, images):
        part.save_pretrained(folder)
    return folder
