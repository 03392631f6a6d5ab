"""The restricted head against the whole one, for every way in which models make logits of hidden states."""

from collections.abc import Callable

import pytest
import torch
from transformers import (
    CohereConfig,
    CohereForCausalLM,
    Gemma2Config,
    Gemma2ForCausalLM,
    GraniteConfig,
    GraniteForCausalLM,
    HyperCLOVAXConfig,
    HyperCLOVAXForCausalLM,
    PhiConfig,
    PhiForCausalLM,
)

from grape_rewrite.errors import UserError
from grape_rewrite.rewriting import Rewriter
from grape_rewrite.rewriting.vocabulary import OutputVocabulary, count_tokens

TRUNK = {
    "vocab_size": 50,
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "initializer_range": 0.5,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
HEADS: dict[str, Callable[[], torch.nn.Module]] = {
    "bias": lambda: PhiForCausalLM(PhiConfig(**TRUNK)),
    "bound": lambda: Gemma2ForCausalLM(Gemma2Config(**TRUNK, head_dim=8, final_logit_softcapping=2.0)),
    "divided": lambda: GraniteForCausalLM(GraniteConfig(**TRUNK, logits_scaling=8.0)),
    "multiplied": lambda: CohereForCausalLM(CohereConfig(**TRUNK, logit_scale=0.0625)),
    "multiplied by what others divide by": lambda: HyperCLOVAXForCausalLM(
        HyperCLOVAXConfig(**TRUNK, logits_scaling=8.0)
    ),
}


@pytest.mark.parametrize("tokens", [None, [4, 7, 7, 30, 2]], ids=["whole", "some"])
@pytest.mark.parametrize("head", HEADS)
def test_logits_are_the_models(head: str, tokens: list[int] | None) -> None:
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        model = HEADS[head]().eval()
        bias = getattr(model.get_output_embeddings(), "bias", None)
        if bias is not None:
            bias.normal_()
        ids = torch.randint(3, 50, (2, 5))
        vocabulary = OutputVocabulary.of(model, tokens)
        found = vocabulary.logits(model.get_decoder()(ids).last_hidden_state)
        kept = sorted(set(tokens)) if tokens else list(range(50))
        torch.testing.assert_close(found, model(ids).logits[..., kept])
    assert len(vocabulary) == len(kept)
    assert vocabulary.tokens.tolist() == kept
    assert [vocabulary.row[token] for token in kept] == list(range(len(kept)))
    assert int((vocabulary.row < 0).sum()) == 50 - len(kept)


def test_bfloat16_heads_give_float32_logits(policy: Rewriter) -> None:
    whole = OutputVocabulary.of(policy.model, None)
    half = OutputVocabulary(whole.tokens, whole.head.bfloat16(), whole.row)
    assert half.logits(torch.ones(3, whole.head.shape[1])).dtype == torch.float32


def test_words_of_the_texts_may_be_said(policy: Rewriter) -> None:
    before = policy.vocabulary
    policy.restrict_to_words(["red apple", "blue boat"])
    allowed = set(policy.vocabulary.tokens.tolist())
    policy.vocabulary = before
    assert set(policy.tokenizer(" blue apple", add_special_tokens=False)["input_ids"]) <= allowed
    assert count_tokens(policy.tokenizer, [f" {answer}" for _, answer in policy.prompt.examples]) <= allowed
    assert set(policy.stop) <= allowed
    assert not set(policy.tokenizer(" Schlüssel", add_special_tokens=False)["input_ids"]) <= allowed


def test_no_words(policy: Rewriter) -> None:
    with pytest.raises(UserError, match="output_vocabulary: full"):
        policy.restrict_to_words([])
