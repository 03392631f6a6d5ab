"""From a name to a retriever."""

import json
from pathlib import Path

from grape_rewrite.errors import UserError
from grape_rewrite.hub import NotOnHubError, find_on_hub
from grape_rewrite.processes import best_device
from grape_rewrite.quiet import quiet
from grape_rewrite.retrievers.loading import require_safetensors_listed
from grape_rewrite.retrievers.own_retriever import OwnRetriever
from grape_rewrite.retrievers.retriever import Retriever

EMBEDDED = ("lite-clip", "minilm")
VALID = (
    f"valid are {', '.join(EMBEDDED)}, a folder, a hub name such as openai/clip-vit-base-patch32, or module:function "
    "for one of your own"
)


def load(name: str, trust_remote_code: bool = False, device: str | None = None) -> Retriever:
    """Load a frozen retriever.

    :param name: `lite-clip` or `minilm` (embedded); a folder with a sentence-transformers model (`modules.json`) or a
        transformers dual encoder (`config.json`); the name of either on the model hub; or `module:function`, which
        returns a `Retriever` of the user's own.
    :param trust_remote_code: run code that comes with the model. Never without this.
    :param device: such as `cpu` or `cuda`; an accelerator when there is one, by default.
    :raises UserError: when the name means nothing, files are missing or broken, weights are a pickle, or a package is
        missing.
    """
    if not name.strip():
        raise UserError(f"the retriever's name is empty; {VALID}")
    if name == "lite-clip":
        from grape_rewrite.retrievers.lite_clip import LiteClip

        with quiet():
            return LiteClip.load()
    if name == "minilm":
        return _minilm(device)

    from grape_rewrite.retrievers.sentence_transformers import load_sentence_encoder, require_library
    from grape_rewrite.retrievers.transformers_dual import load_dual_encoder

    folder = Path(name).expanduser()
    if folder.is_dir():
        is_sentence_transformer, local_only = _is_sentence_transformer(folder), True
    elif folder.exists():
        raise UserError(f"no retriever {name!r}: there is no such folder; {VALID}")
    elif is_own(name):
        return OwnRetriever(name)
    else:
        if name.startswith("sentence-transformers/"):
            require_library()
        try:
            model = find_on_hub(name)
        except NotOnHubError as error:
            raise UserError(f"no retriever {name!r}: {error}; {VALID}") from error
        is_sentence_transformer, local_only = "modules.json" in model.files, not model.reachable
        if is_sentence_transformer and model.reachable:  # else the copy is looked at
            require_safetensors_listed(name, model.files)
    family = load_sentence_encoder if is_sentence_transformer else load_dual_encoder
    return family(name, trust_remote_code=trust_remote_code, device=device, local_only=local_only)


def is_own(name: str) -> bool:
    """Whether a retriever's name is that of a user's function, `module:function`, which runs code."""
    return ":" in name and not Path(name).expanduser().exists()


def _minilm(device: str | None) -> Retriever:
    from grape_rewrite.retrievers.lite_clip import load_minilm
    from grape_rewrite.retrievers.sentence_transformers import SentenceEncoder, require_library

    require_library()
    with quiet():
        network = load_minilm()
    return SentenceEncoder("minilm", network.to(device or best_device()))


def _is_sentence_transformer(folder: Path) -> bool:
    for file, answer in (("modules.json", True), ("config.json", False)):
        if (folder / file).is_file():
            try:
                json.loads((folder / file).read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise UserError(f"{folder / file}: not readable as JSON ({error})") from error
            return answer
    raise UserError(
        f"{folder}: no retriever, for it has neither modules.json (a sentence-transformers model) nor config.json "
        "(a transformers model)"
    )
