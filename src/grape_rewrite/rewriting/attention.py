"""Which tokens the layers of a model attend to, and whether that can be told by a mask, as a `Forest` needs."""

from typing import Any

from grape_rewrite.errors import UserError

KINDS = {"full_attention", "sliding_attention"}
ALIBI = {"bloom", "mpt"}  # without a setting for it


def window(model: Any) -> int | None:
    """Return the span of the sliding attention of a model's local layers, None when all layers see everything."""
    config = model.config.get_text_config()
    kinds = getattr(config, "layer_types", None)
    if kinds is not None and "sliding_attention" not in kinds:
        return None
    # Families without layer types (Mistral, Phi 3) have the window in every layer.
    return getattr(config, "sliding_window", None)


def require_attention(model: Any, name: str) -> None:
    """Check that every layer is plain or sliding attention: states and chunks cannot be shared over a tree.

    Nor can what counts the places between two tokens itself, which lie elsewhere in a tree than in a text.

    :param name: the model's, as the user gave it.
    :raises UserError: when there is another kind of layer.
    """
    config = model.config.get_text_config()
    kinds = set(getattr(config, "layer_types", None) or []) - KINDS
    if "local" in (getattr(config, "attention_layers", None) or []):  # GPT-Neo's
        kinds.add("local attention")
    if getattr(config, "alibi", False) or config.model_type in ALIBI:
        kinds.add("ALiBi")
    if getattr(model, "_is_stateful", False):
        kinds.add("recurrent state")
    if kinds:
        raise UserError(
            f"rewriter {name!r} ({model.config.model_type}) has layers that rewrites cannot share: "
            f"{', '.join(sorted(kinds))}; choose a model with full or sliding attention only, such as Qwen 2.5"
        )
