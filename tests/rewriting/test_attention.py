"""Models whose windows are told in another way, and models that a forest cannot hold."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from transformers import (
    BloomConfig,
    BloomForCausalLM,
    FalconConfig,
    FalconForCausalLM,
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoConfig,
    GPTNeoForCausalLM,
    Lfm2Config,
    Lfm2ForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    MptConfig,
    MptForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from grape_rewrite.errors import UserError
from grape_rewrite.rewriting.attention import require_attention, window
from grape_rewrite.rewriting.scoring import log_probabilities
from grape_rewrite.rewriting.vocabulary import OutputVocabulary

TRUNK = {
    "vocab_size": 50,
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "initializer_range": 0.5,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
SMALL = {"vocab_size": 50, "hidden_size": 16}
NEO = {**SMALL, "num_layers": 2, "num_heads": 2}
FALCON = {**SMALL, "num_hidden_layers": 1, "num_attention_heads": 2, "ffn_hidden_size": 16}
MODELS: dict[str, tuple[Callable[[], torch.nn.Module], int | None]] = {
    "a window in every layer": (lambda: MistralForCausalLM(MistralConfig(**TRUNK, sliding_window=8)), 8),
    "no window": (lambda: MistralForCausalLM(MistralConfig(**TRUNK, sliding_window=None)), None),
    "every other layer": (lambda: Gemma2ForCausalLM(Gemma2Config(**TRUNK, head_dim=8, sliding_window=8)), 8),
    "a window that is off": (lambda: Qwen2ForCausalLM(Qwen2Config(**TRUNK, sliding_window=8)), None),
    "learned positions": (lambda: GPT2LMHeadModel(GPT2Config(vocab_size=50, n_embd=16, n_layer=2, n_head=2)), None),
    "every layer global": (lambda: GPTNeoForCausalLM(GPTNeoConfig(**NEO, attention_types=[[["global"], 2]])), None),
    "places by rotation": (lambda: FalconForCausalLM(FalconConfig(**FALCON, alibi=False)), None),
}


@pytest.mark.parametrize("kind", MODELS)
def test_any_window_is_kept(kind: str) -> None:
    build, span = MODELS[kind]
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        model = build().eval()
        assert window(model) == span
        require_attention(model, kind)
        prompt = list(range(3, 20))
        prompts = [prompt, prompt, [*prompt[:14], 40, 41]]
        completions = [[20, 21, 22, 2], [20, 21, 23, 2], [30, 2]]
        vocabulary = OutputVocabulary.of(model, None)
        found, _ = log_probabilities(model.get_decoder(), vocabulary, prompts, completions, 1.0)
        for values, asked, answered in zip(found, prompts, completions, strict=True):
            every = torch.log_softmax(model(torch.tensor([asked + answered])).logits[0], -1)[len(asked) - 1 : -1]
            expected = every[torch.arange(len(answered)), torch.tensor(answered)]
            torch.testing.assert_close(values, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("build", "kind"),
    [
        (lambda: MambaForCausalLM(MambaConfig(vocab_size=50, hidden_size=16, num_hidden_layers=1)), "recurrent state"),
        (lambda: Lfm2ForCausalLM(Lfm2Config(**TRUNK, full_attn_idxs=[1])), "conv"),
        (lambda: GPTNeoForCausalLM(GPTNeoConfig(**NEO, attention_types=[[["global", "local"], 1]])), "local attention"),
        (lambda: BloomForCausalLM(BloomConfig(**SMALL, n_layer=1, n_head=2)), "ALiBi"),
        (lambda: FalconForCausalLM(FalconConfig(**FALCON, alibi=True)), "ALiBi"),
        (lambda: MptForCausalLM(MptConfig(vocab_size=50, d_model=16, n_layers=1, n_heads=2)), "ALiBi"),
    ],
)
def test_other_layers_are_refused(build: Callable[[], torch.nn.Module], kind: str) -> None:
    with pytest.raises(UserError, match=f"rewriter 'mine' .* rewrites cannot share: .*{kind}; choose") as caught:
        require_attention(build(), "mine")
    assert "\n" not in str(caught.value)


def test_no_attention_to_tell() -> None:
    config = SimpleNamespace(get_text_config=SimpleNamespace, model_type="plain")
    assert window(SimpleNamespace(config=config)) is None
