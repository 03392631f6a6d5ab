"""What shapes an embedding beside the weights, as text for a fingerprint."""

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PretrainedConfig

# Where a model came from and with what it was written changes no embedding.
PROVENANCE = ("_name_or_path", "transformers_version", "architectures", "dtype", "torch_dtype")


def config_settings(config: "PretrainedConfig") -> str:
    """Return the settings of a transformers model that differ from their defaults, as sorted JSON."""
    return _json(_without_provenance(config.to_diff_dict()))


def tokenizer_settings(tokenizer: Any) -> str:
    """Return all that a tokenizer does to a text, as JSON: its vocabulary, normaliser, special tokens and sides.

    Truncation and padding are left out: they belong to a call, and the tokenizer keeps those of the last one.
    """
    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if hasattr(backend, "to_str"):
        state = json.loads(backend.to_str())
        state.pop("truncation"), state.pop("padding")
    else:
        state = getattr(tokenizer, "get_vocab", dict)()
    sides = [getattr(tokenizer, side, None) for side in ("padding_side", "truncation_side")]
    return _json([type(tokenizer).__name__, state, sides, str(getattr(tokenizer, "special_tokens_map", None))])


def _without_provenance(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_provenance(part) for key, part in value.items() if key not in PROVENANCE}
    return value


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
