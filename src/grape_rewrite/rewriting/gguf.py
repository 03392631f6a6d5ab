"""Models in GGUF files, as llama.cpp and its kin use: dequantised once into the cache."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from grape_rewrite.cache import cache_folder, whole_folder
from grape_rewrite.errors import UserError, first_line
from grape_rewrite.fingerprint import content_hash
from grape_rewrite.quiet import quiet

SUFFIX = ".gguf"


def gguf_folder(file: Path) -> Path:
    """Return a folder with the model and the tokenizer of a GGUF file in transformers' format, as bfloat16.

    :param file: the whole model in one file; any quantisation and architecture that transformers can read.
    :raises UserError: when the file cannot be read, the package gguf is missing, or the cache cannot be written.
    """
    if find_spec("gguf") is None:
        raise UserError(f"{file.name} needs the package gguf: pip install gguf")
    try:
        digest = content_hash(file)
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from error
    folder = cache_folder() / "models" / f"{file.stem}-{digest[:12]}"
    if not (folder / "config.json").is_file():
        with whole_folder(folder) as draft, quiet():
            dequantise(file, draft)
    return folder


@contextmanager
def parsed_once() -> Iterator[None]:
    """Let transformers parse a file once: it does so for the tokenizer, the configuration and the weights anew.

    The parser goes through the vocabulary in Python, word by word, which is most of what loading takes.
    """
    import gguf

    reader = gguf.GGUFReader
    gguf.GGUFReader = cache(reader)  # type: ignore[misc, assignment]
    try:
        yield
    finally:
        gguf.GGUFReader = reader  # type: ignore[misc]


def dequantise(file: Path, target: Path) -> None:
    """Write the model and the tokenizer of a GGUF file into a folder.

    :raises UserError: when transformers cannot read it.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    try:
        with parsed_once():
            tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
            model = AutoModelForCausalLM.from_pretrained(
                file.parent, gguf_file=file.name, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
            )
    except Exception as error:  # whatever a broken or an unknown file makes the libraries raise
        raise UserError(f"cannot read {file} as a language model: {first_line(error)}") from error
    # The weights are dense now; the marks of quantisation would keep them from being saved.
    model.hf_quantizer = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    tokenizer.save_pretrained(target)
    model.save_pretrained(target)
