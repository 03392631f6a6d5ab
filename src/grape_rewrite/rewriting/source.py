"""Where a base model is loaded from: the cache, a folder, a GGUF file or a hub."""

from pathlib import Path

from grape_rewrite.errors import UserError
from grape_rewrite.hub import NotOnHubError, find_on_hub, looks_like_a_path
from grape_rewrite.rewriting.gemma import EMBEDDED, gemma_folder
from grape_rewrite.rewriting.gguf import SUFFIX, gguf_folder

VALID = (
    "valid are gemma-3-270m, the folder of a causal or vision-language model with safetensors weights, a GGUF file, an "
    "adapter folder with grape.json, or a hub name such as Qwen/Qwen2.5-0.5B-Instruct"
)


def find_source(base: str) -> tuple[Path | str, bool]:
    """Return the folder or hub name that a base model is loaded from, and whether that needs no hub.

    :raises UserError: when it can be had nowhere.
    """
    require_path(base)
    if base == EMBEDDED:
        return gemma_folder(), True
    if Path(base).is_dir():
        return base, True
    if base.endswith(SUFFIX):
        return gguf_folder(Path(base)), True
    try:
        return base, not find_on_hub(base).reachable
    except NotOnHubError as error:
        raise UserError(f"cannot load rewriter {base!r}: {error}; {VALID}") from error


def require_path(base: str) -> None:
    """Require that what can only be a path leads somewhere, which takes no time.

    :raises UserError: when it does not.
    """
    if looks_like_a_path(base) and not Path(base).exists():
        kind = "file" if base.endswith(SUFFIX) else "folder"
        raise UserError(f"cannot load rewriter {base!r}: there is no such {kind}; {VALID}")
