"""What a name on a model hub stands for, found out with one short request."""

from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath

from grape_rewrite.errors import UserError

EMBEDDED = ("lite-clip", "minilm")
VALID = f"valid are {', '.join(EMBEDDED)}, a folder, or a hub name such as openai/clip-vit-base-patch32"
KINDS = ("pytorch_model*.bin", "*.safetensors")
TIMEOUT = 10.0  # seconds


@dataclass(frozen=True)
class HubModel:
    """A model on the hub, or the copy of it that an earlier download left."""

    name: str
    is_sentence_transformer: bool
    reachable: bool
    """Whether the hub answered; if not, only the local copy may be used."""


def find_on_hub(name: str) -> HubModel:
    """Look a name up, first on the hub, then among earlier downloads.

    :raises UserError: when there is no such model, or the hub cannot be reached and no copy is there.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    try:
        files = {file.rfilename for file in HfApi().model_info(name, timeout=TIMEOUT).siblings or []}
        reachable = True
    except HFValidationError as error:
        raise _unknown(name, "it is neither a folder nor a possible hub name") from error
    except RepositoryNotFoundError as error:
        raise _unknown(name, "it is no folder, and the model hub has none of that name, or keeps it private") from error
    except (OSError, _http_error()) as error:
        files, reachable = _downloaded(name), False
        if not files:
            raise _unknown(name, "it is no folder, and the model hub cannot be reached") from error
    is_sentence_transformer = "modules.json" in files
    if is_sentence_transformer:
        _require_safetensors(name, files)
    return HubModel(name, is_sentence_transformer, reachable)


def _require_safetensors(name: str, files: set[str]) -> None:
    # For the layers above the transformer, the library falls back to a pickle unasked.
    folders = [{str(PurePosixPath(file).parent) for file in files if fnmatch(file, f"*/{kind}")} for kind in KINDS]
    for folder in sorted(folders[0] - folders[1]):
        raise UserError(
            f"retriever {name}: {folder} has its weights only as a pickle, which is refused, because reading one can "
            "run any code; choose a model with safetensors"
        )


def _downloaded(name: str) -> set[str]:
    from huggingface_hub import try_to_load_from_cache

    return {file for file in ("modules.json", "config.json") if isinstance(try_to_load_from_cache(name, file), str)}


def _unknown(name: str, why: str) -> UserError:
    return UserError(f"no retriever {name!r}: {why}; {VALID}")


def _http_error() -> type[Exception]:
    """Return the base of the errors of huggingface_hub's HTTP client, a package that was renamed once."""
    from huggingface_hub import utils

    client = getattr(utils, "httpx", None)
    if client is None:
        import httpx

        client = httpx
    return client.HTTPError
