"""Loading a model's files: what may be read, and what is said when it fails."""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from grape_rewrite.errors import UserError
from grape_rewrite.quiet import quiet

SAFE = ("model.safetensors", "model.safetensors.index.json")  # of other names the libraries see none
PICKLE = "pytorch_model*.bin"
PICKLES = (PICKLE, "*.pt", "*.pth", "*.ckpt", "*.pkl")


def require_safetensors(folder: Path) -> None:
    """Check that a folder's weights are safetensors; a pickle can run any code when it is read.

    :raises UserError: when the folder has weights only as a pickle.
    """
    if any((folder / name).is_file() for name in SAFE):
        return
    for pattern in PICKLES:
        for file in sorted(folder.glob(pattern)):
            raise UserError(
                f"{file}: weights as a pickle are refused, because reading one can run any code; "
                f"save the model with save_pretrained (safetensors) or choose a folder with model.safetensors"
            )


def require_safetensors_modules(folder: Path) -> None:
    """Check the same of each module of a sentence encoder, those within a router too.

    For layers above the transformer the library falls back to a pickle unasked.

    :raises UserError: when one has its weights only as a pickle.
    """
    for module in json.loads((folder / "modules.json").read_text(encoding="utf-8")):
        require_safetensors(folder / module["path"])
    for file in sorted(folder.rglob(PICKLE)):
        require_safetensors(file.parent)


def require_safetensors_listed(name: str, files: Collection[str]) -> None:
    """Check the same by the names of a repository's files, before any is fetched.

    :raises UserError: when a module has its weights only as a pickle.
    """
    places = [PurePosixPath(file) for file in files]
    safe = {place.parent for place in places if place.name in SAFE}
    for folder in sorted({place.parent for place in places if fnmatch(place.name, PICKLE)} - safe):
        what = "it" if folder == PurePosixPath() else folder
        raise UserError(
            f"retriever {name}: {what} has its weights only as a pickle, which is refused, because reading one can "
            "run any code; choose a model with safetensors"
        )


@contextmanager
def one_line_errors(name: str) -> Iterator[None]:
    """Turn what the libraries raise for bad files into one line.

    :param name: the retriever's, as the user gave it.
    :raises UserError: for whatever goes wrong in the block.
    """
    from safetensors import SafetensorError

    try:
        with quiet():
            yield
    except (OSError, ValueError, TypeError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        raise UserError(_line(name, error)) from error


def _line(name: str, error: Exception) -> str:
    text = str(error).strip()
    if "trust_remote_code" in text:
        return (
            f"retriever {name} needs code of its own, which is never run unasked; "
            "if you have read and trust it, load it with trust_remote_code=True"
        )
    if isinstance(error, ImportError) and "sentencepiece" in text.lower():
        return f"the tokenizer of retriever {name} needs two more packages: pip install sentencepiece protobuf"
    if not text or isinstance(error, (TypeError, KeyError)):
        text = f"{type(error).__name__}: {text}"
    return f"cannot load retriever {name}: {text.splitlines()[0]}"
