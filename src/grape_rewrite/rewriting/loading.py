"""Loading rewriters: models that read and models that see, base models and trained adapters."""

from pathlib import Path

from safetensors import SafetensorError

from grape_rewrite.errors import UserError, first_line
from grape_rewrite.processes import best_device
from grape_rewrite.quiet import quiet
from grape_rewrite.rewriting.adapter import ADAPTER_FILE, WEIGHT_FILES, read_adapter
from grape_rewrite.rewriting.attention import require_attention
from grape_rewrite.rewriting.precision import Precision, dtype_of
from grape_rewrite.rewriting.processor import load_processor
from grape_rewrite.rewriting.prompt import PROMPTS, Prompt, require_reader
from grape_rewrite.rewriting.rewriter import Rewriter
from grape_rewrite.rewriting.source import VALID, find_source
from grape_rewrite.rewriting.vision import VisionRewriter, is_vision

UNREADABLE = (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError)


def load_rewriter(
    name: str,
    prompt: Prompt | None,
    max_tokens: int,
    trust_remote_code: bool,
    device: str | None,
    precision: Precision | None,
) -> Rewriter:
    """Load a rewriter; see `Rewriter.load`."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText, AutoTokenizer

    device = device or best_device()
    require_device(device)
    folder = Path(name)
    facts = read_adapter(folder) if (folder / ADAPTER_FILE).is_file() else None
    missing = next((name for name in WEIGHT_FILES if facts and not (folder / name).is_file()), None)
    if missing:
        raise UserError(f"{folder / missing} is missing: an adapter is the whole folder that grape train wrote")
    base = facts.base_model if facts else name
    source, local_only = find_source(base)
    loading = {"trust_remote_code": trust_remote_code, "local_files_only": local_only}
    try:
        with quiet():
            config = AutoConfig.from_pretrained(source, **loading)
            sees = is_vision(config)
            if prompt and not (facts or sees):
                require_reader(prompt, name)
            reader = (
                load_processor(source, config, **loading) if sees else AutoTokenizer.from_pretrained(source, **loading)
            )
            model = (
                (AutoModelForImageTextToText if sees else AutoModelForCausalLM)
                .from_pretrained(source, dtype=dtype_of(precision, device), use_safetensors=True, **loading)
                .to(device)
            )
    except UNREADABLE as error:
        raise UserError(f"cannot load rewriter {base!r}: {first_line(error)}; {VALID}") from error
    if not sees:
        require_attention(model, base)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    kind = VisionRewriter if sees else Rewriter
    if facts is None:
        return kind(model, reader, prompt or PROMPTS["multilingual"], name, max_tokens)
    from peft import PeftModel

    try:
        model = PeftModel.from_pretrained(model, folder, use_safetensors=True)
    except (*UNREADABLE, TypeError, AttributeError) as error:  # a configuration that is no mapping, for one
        raise UserError(f"cannot load the adapter in {folder} onto {base!r}: {first_line(error)}") from error
    rewriter = kind(model, reader, prompt or facts.prompt, base, facts.max_tokens, facts)
    rewriter.keeps_prompt = prompt is not None
    if facts.output_vocabulary is not None:
        known, last = model.get_input_embeddings().weight.shape[0], max(facts.output_vocabulary)
        if last >= known:
            raise UserError(
                f"{folder / ADAPTER_FILE}: output_vocabulary has {last}, but {base!r} knows 0 to {known - 1}"
            )
        rewriter.restrict(facts.output_vocabulary)
    return rewriter


def require_device(device: str) -> None:
    """Require a device that this PyTorch can use.

    :raises UserError: when it cannot.
    """
    import torch

    try:
        torch.zeros(1, device=device)
    except (AssertionError, RuntimeError, NotImplementedError) as error:
        raise UserError(f"device {device!r} cannot be used here: {first_line(error)}; valid is cpu") from error
