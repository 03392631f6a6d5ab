import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from grape_rewrite.errors import UserError
from grape_rewrite.retrievers import Retriever
from grape_rewrite.retrievers.sentence_transformers import SentenceEncoder
from grape_rewrite.retrievers.transformers_dual import DualEncoder


def test_a_folder_decides_by_its_files(clip_folder: Path, sentence_folder: Path) -> None:
    assert isinstance(Retriever.load(str(clip_folder)), DualEncoder)
    assert isinstance(Retriever.load(str(sentence_folder)), SentenceEncoder)


def test_a_folder_as_saved_by_a_processor(tiny: SimpleNamespace, clip_folder: Path, tmp_path: Path) -> None:
    """Newer checkpoints keep image preprocessing within processor_config.json."""
    from transformers import CLIPProcessor

    copy = tmp_path / "copy"
    shutil.copytree(clip_folder, copy)
    (copy / "preprocessor_config.json").unlink()
    CLIPProcessor(tiny.clip_images(), tiny.tokenizer()).save_pretrained(copy)
    assert not (copy / "preprocessor_config.json").exists()
    assert Retriever.load(str(copy)).fingerprint() == Retriever.load(str(clip_folder)).fingerprint()


def test_minilm_is_embedded(capfd: pytest.CaptureFixture[str]) -> None:
    retriever = Retriever.load("minilm")
    assert capfd.readouterr() == ("", "")
    assert (retriever.name, retriever.dimension, retriever.context) == ("minilm", 384, 256)
    red, rot, car = retriever.embed_texts(["a red apple", "an apple that is red", "the stock market fell"])
    assert red @ rot > red @ car + 0.4


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nobody/nothing", "the model hub cannot be reached"),
        ("no spaces here", "neither a folder nor a possible hub name"),
        ("./models/clip", "there is no such folder"),
        ("/models/clip", "there is no such folder"),
        ("a/b/c", "there is no such folder"),
    ],
)
def test_an_unknown_name_lists_what_is_valid(name: str, why: str) -> None:
    with pytest.raises(UserError, match=why) as caught:
        Retriever.load(name)
    assert repr(name) in str(caught.value)
    assert "valid are lite-clip, minilm, a folder, a hub name" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_name() -> None:
    with pytest.raises(UserError, match="name is empty; valid are lite-clip"):
        Retriever.load("")


def test_a_file_is_no_retriever(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(UserError, match="there is no such folder"):
        Retriever.load(str(tmp_path / "model.safetensors"))


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"neither modules\.json .* nor config\.json"):
        Retriever.load(str(tmp_path))


@pytest.mark.parametrize("file", ["modules.json", "config.json"])
def test_broken_json_is_named(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("{")
    with pytest.raises(UserError, match=f"{file}: not readable as JSON"):
        Retriever.load(str(tmp_path))


def test_a_model_type_that_nobody_knows(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "telepathy"}))
    with pytest.raises(UserError, match="cannot load retriever") as caught:
        Retriever.load(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_pickles_are_refused(clip_folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(clip_folder, copy)
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"pytorch_model\.bin: weights as a pickle are refused"):
        Retriever.load(str(copy))


def test_no_weights_at_all(clip_folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(clip_folder, copy)
    (copy / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"cannot load retriever .*model\.safetensors"):
        Retriever.load(str(copy))


def test_code_of_the_model_is_not_run_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)  # nor is a person asked half-way
    config = {"model_type": "own", "auto_map": {"AutoConfig": "own.OwnConfig", "AutoModel": "own.OwnModel"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()")
    with pytest.raises(UserError, match="needs code of its own, which is never run unasked"):
        Retriever.load(str(tmp_path))
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(find_spec("sentencepiece") is not None, reason="sentencepiece is installed")
def test_a_tokenizer_that_needs_another_package(clip_folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(clip_folder, copy)
    config = json.loads((copy / "tokenizer_config.json").read_text())
    (copy / "tokenizer_config.json").write_text(json.dumps({**config, "tokenizer_class": "SiglipTokenizer"}))
    with pytest.raises(UserError, match="needs two more packages: pip install sentencepiece protobuf"):
        Retriever.load(str(copy))


@pytest.mark.parametrize("name", ["sentence-transformers/all-MiniLM-L6-v2", "folder"])
def test_a_missing_extra_names_the_command(name: str, sentence_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The import system's own word for "not installed".
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(UserError, match=r"pip install 'grape-rewrite\[sentence-transformers\]'"):
        Retriever.load(str(sentence_folder) if name == "folder" else name)
