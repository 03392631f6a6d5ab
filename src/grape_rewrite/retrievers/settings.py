"""What shapes an embedding beside the weights, as text for a fingerprint."""

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
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


def module_settings(module: "torch.nn.Module") -> list[Any]:
    """Return what a module of sentence-transformers is and is set to, for JSON."""
    return [type(module).__name__, _named(module.get_config_dict()) if hasattr(module, "get_config_dict") else None]


def inner_settings(network: "torch.nn.Module") -> list[str]:
    """Return what the outer modules of a sentence-transformers model do not tell, nothing for most that only read.

    This is the preprocessing of images, and the modules within others, as in a `Router`, with tokenizers and settings
    of their own.
    """
    from transformers.image_processing_base import ImageProcessingMixin

    found = []
    for name, module in network.named_modules(remove_duplicate=False):
        if "." in name and hasattr(module, "get_config_dict"):
            found.append(_json([name, module_settings(module)]))
            if (config := getattr(getattr(module, "model", None), "config", None)) is not None:
                found.append(config_settings(config))
            if (tokenizer := getattr(module, "tokenizer", None)) is not None:
                found.append(tokenizer_settings(tokenizer))
        processor = getattr(module, "processor", None)
        images = getattr(processor, "image_processor", processor)
        if isinstance(images, ImageProcessingMixin):
            found.append(_json([name, images.to_dict()]))
    return found


def _named(value: Any) -> Any:
    """The same with texts for keys that are tuples, which JSON does not have."""
    if isinstance(value, dict):
        return {str(key) if isinstance(key, tuple) else key: _named(part) for key, part in value.items()}
    return value


def _without_provenance(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_provenance(part) for key, part in value.items() if key not in PROVENANCE}
    return value


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
