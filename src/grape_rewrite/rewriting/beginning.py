"""What prompts begin with, the instruction and the examples: run once for all of them, and kept where it can be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache

MOST = 4  # kept: of one who compares, such as zero-shot, few-shot and trained


@dataclass(frozen=True)
class Beginning:
    """The decoder's state after some tokens.

    :param tokens: their ids.
    :param states: keys and values (1, heads, tokens, d) of every layer.
    """

    tokens: list[int]
    states: list[tuple[torch.Tensor, torch.Tensor]]

    @staticmethod
    def of(decoder: Any, tokens: Sequence[int]) -> "Beginning":
        """Run tokens.

        :param decoder: a causal transformer of `transformers` without its head.
        :param tokens: may be empty.
        """
        cache = DynamicCache()
        if tokens:
            ids = torch.tensor([list(tokens)], device=next(decoder.parameters()).device)
            decoder(input_ids=ids, cache=cache, use_cache=True)
        return Beginning(list(tokens), [(layer.keys, layer.values) for layer in cache.layers])

    def cache(self, rows: int) -> DynamicCache:
        """Return the state as a cache of its own that may grow, in each of some rows."""
        cache = DynamicCache(ddp_cache_data=self.states)
        cache.batch_repeat_interleave(rows)
        return cache

    def begins(self, prompts: Sequence[Sequence[int]]) -> bool:
        """Whether all prompts begin so, and go on."""
        length = len(self.tokens)
        return all(len(prompt) > length and list(prompt[:length]) == self.tokens for prompt in prompts)


class Beginnings:
    """The beginnings of what a model is asked, each kept for as long as the weights stay as they are."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], tuple[Any, Beginning]] = {}

    def get(self, model: Any, decoder: Any, tokens: Sequence[int], *settings: Any) -> Beginning:
        """Return a beginning, run now unless it is kept.

        :param model: what the weights are of.
        :param decoder: its transformer.
        :param tokens: at least one.
        :param settings: what else changes what the decoder does, such as whether an adapter is used.
        """
        key, weights = (*tokens, *settings), _state(model)
        known, beginning = self._kept.pop(key, (None, None))
        if beginning is None or known != weights:
            with torch.no_grad():
                beginning = Beginning.of(decoder, tokens)
        self._kept[key] = weights, beginning
        while len(self._kept) > MOST:
            self._kept.pop(next(iter(self._kept)), None)  # the one that was not asked for the longest
        return beginning


def _state(model: Any) -> list[tuple[int, int]]:
    """What changes whenever a model's weights do: where each lies, and how often it was written to."""
    return [(weight.data_ptr(), 0 if weight.is_inference() else weight._version) for weight in model.parameters()]
