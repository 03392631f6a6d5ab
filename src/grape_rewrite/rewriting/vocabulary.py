"""The output vocabulary: the tokens that a rewrite may be made of.

Rewrites are in the retriever's language, so the policy is defined over the tokens which that language uses. The
softmax, the head's matrix product and its gradient shrink with it, and a collapse into other scripts is impossible.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F


def count_tokens(tokenizer: Any, texts: Sequence[str]) -> set[int]:
    """Return the ids of all tokens that the texts are made of. A word after a space has other tokens than without."""
    return {token for ids in tokenizer(texts, add_special_tokens=False)["input_ids"] for token in ids}


@dataclass(frozen=True)
class OutputVocabulary:
    """The tokens that may be sampled, `tokens` (V,), and the rows of the head that score them.

    :param head: (V, H) rows of the output embedding.
    :param row: (whole vocabulary,) the row of each token in `head`, -1 where it is not in the output vocabulary.
    :param bias: (V,) or None.
    :param softcap: the bound of Gemma 2's `softcap * tanh(logits / softcap)`, or None.
    :param scale: what Cohere's, Granite's and HyperCLOVA X's logits are multiplied by.
    """

    tokens: torch.Tensor
    head: torch.Tensor
    row: torch.Tensor
    bias: torch.Tensor | None = None
    softcap: float | None = None
    scale: float = 1.0

    @staticmethod
    def of(model: Any, tokens: Sequence[int] | None) -> "OutputVocabulary":
        """Restrict the model's head to `tokens`; None keeps all of it."""
        layer = model.get_output_embeddings()
        weight = layer.weight.detach()
        kept = torch.arange(len(weight)) if tokens is None else torch.tensor(sorted(set(tokens)))
        kept = kept.to(weight.device)
        row = torch.full((len(weight),), -1, device=weight.device)
        row[kept] = torch.arange(len(kept), device=weight.device)
        bias = getattr(layer, "bias", None)
        return OutputVocabulary(
            tokens=kept,
            head=weight if tokens is None else weight[kept].contiguous(),
            row=row,
            bias=None if bias is None else bias.detach()[kept],
            softcap=getattr(model.config.get_text_config(), "final_logit_softcapping", None),
            scale=_scale(model.config.get_text_config()),
        )

    def __len__(self) -> int:
        return len(self.tokens)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Score every token of the vocabulary: hidden states (N, H) -> logits (N, V), in float32 at least."""
        logits = F.linear(hidden.to(self.head.dtype), self.head, self.bias)
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        if self.scale != 1.0:
            logits = self.scale * logits
        return logits if self.softcap is None else self.softcap * torch.tanh(logits / self.softcap)


def _scale(config: Any) -> float:
    """What a model multiplies its logits by, under the names that model families have for it."""
    scaling = getattr(config, "logits_scaling", None)
    if scaling is not None:
        return scaling if config.model_type == "hyperclovax" else 1 / scaling
    factor = getattr(config, "logit_scale", None)
    return 1.0 if factor is None else factor
