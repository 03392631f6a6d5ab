"""What a name on a model hub stands for, found out with one short request."""

from dataclasses import dataclass

TIMEOUT = 10.0  # seconds


class NotOnHubError(Exception):
    """A name that no model can be had by; the text says why, to go on after "NAME: "."""


@dataclass(frozen=True)
class HubModel:
    """A model on the hub, or the copy of it that an earlier download left.

    `files` are the names of its files, of a copy only the ones that tell kinds of models apart. `reachable` is whether
    the hub answered; if not, only the copy may be used.
    """

    name: str
    files: frozenset[str]
    reachable: bool


def looks_like_a_path(name: str) -> bool:
    """Whether a name cannot be one on a hub (`owner/model` or `model`)."""
    return name.startswith((".", "/", "~")) or name.count("/") > 1 or "\\" in name


def find_on_hub(name: str) -> HubModel:
    """Look a name up, first on the hub, then among earlier downloads.

    The libraries that load models would try again and again, and log each try.

    :raises NotOnHubError: when there is no such model, or the hub cannot be reached and no copy is there.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    if looks_like_a_path(name):
        raise NotOnHubError("there is no such folder")
    try:
        files = {file.rfilename for file in HfApi().model_info(name, timeout=TIMEOUT).siblings or []}
        return HubModel(name, frozenset(files), reachable=True)
    except HFValidationError as error:
        raise NotOnHubError("it is neither a folder nor a possible hub name") from error
    except RepositoryNotFoundError as error:
        raise NotOnHubError("it is no folder, and the model hub has none of that name, or keeps it private") from error
    except (OSError, _http_error()) as error:
        files = _downloaded(name)
        if not files:
            raise NotOnHubError("it is no folder, and the model hub cannot be reached") from error
        return HubModel(name, frozenset(files), reachable=False)


def _downloaded(name: str) -> set[str]:
    from huggingface_hub import try_to_load_from_cache

    return {file for file in ("modules.json", "config.json") if isinstance(try_to_load_from_cache(name, file), str)}


def _http_error() -> type[Exception]:
    """Return the base of the errors of huggingface_hub's HTTP client, a package that was renamed once."""
    from huggingface_hub import utils

    client = getattr(utils, "httpx", None)
    if client is None:
        import httpx

        client = httpx
    return client.HTTPError
