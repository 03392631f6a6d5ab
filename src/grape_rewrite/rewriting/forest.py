"""Token trees that share everything they can: the idea behind both hot paths, sampling and scoring.

The prompts of a step begin alike, the rewrites of a group follow one prompt, and many rewrites begin alike. A forest
keeps each distinct token path once: a prefix that all prompts share, below it one tree for each prompt, below that
the branches of its rewrites. Every node is run through the decoder exactly once, packed with others into rows and
told apart by an attention mask of ancestors, so the hidden states (and with them log-probabilities and gradients)
are those of the plain, padded, one-sequence-a-row computation.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from grape_rewrite.rewriting.attention import window
from grape_rewrite.rewriting.beginning import Beginning

IntArray = npt.NDArray[np.int64]

ROW_LENGTH = 128
"""Nodes in a row, about: of longer rows a node is compared with more that are not its own, shorter ones are padded."""


def fewest_rows(sizes: Iterable[int]) -> int:
    """Return how many rows trees of these numbers of nodes fill, none longer than need be; each lies in one row."""
    sizes = list(sizes)
    return -(-sum(sizes) // max(ROW_LENGTH, *sizes))


class Forest:
    """Trees of tokens in `rows` rows over a shared prefix, grown by `extend`.

    A node is named by its row and its slot. Slots are columns of the key/value cache: those that a row leaves unused
    when `extend` pads it are never attended to.

    :param decoder: a causal transformer of `transformers` without its head.
    :param beginning: the prefix, what every tree begins with.
    :param rows: how many rows the trees are spread over.
    """

    def __init__(self, decoder: Any, beginning: Beginning, rows: int) -> None:
        self.decoder = decoder
        self.window = window(decoder)
        self.device = next(decoder.parameters()).device
        self.prefix_length = len(beginning.tokens)
        self.size = 0
        self._cache = beginning.cache(rows)
        self._ancestors = np.zeros((rows, 64, 64), dtype=bool)
        self._depth = np.zeros((rows, 64), dtype=np.int64)

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self._depth)

    def extend(self, row: IntArray, parent: IntArray, token: IntArray) -> tuple[IntArray, torch.Tensor]:
        """Add nodes and run them.

        :param row: (K,) the row of each new node.
        :param parent: (K,) the slot of its parent in the same row, -1 below the prefix; `-2 - j` names the j-th
            new node of this very call as the parent (j must come earlier).
        :param token: (K,) token ids.
        :return: the slots (K,) of the new nodes, and the decoder's last hidden states (K, H) at them.
        """
        order = np.zeros(self.rows, dtype=np.int64)
        column = np.empty(len(row), dtype=np.int64)
        for node, r in enumerate(row):
            column[node] = order[r]
            order[r] += 1
        width = int(order.max())
        slots = self.size + column
        self._grow(self.size + width)
        depth = np.zeros((self.rows, width), dtype=np.int64)
        ids = np.zeros((self.rows, width), dtype=np.int64)
        for node, (r, above, slot) in enumerate(zip(row, parent, slots, strict=True)):
            origin = slots[-2 - above] if above < -1 else above
            if origin >= 0:
                self._ancestors[r, slot] = self._ancestors[r, origin]
                self._depth[r, slot] = self._depth[r, origin] + 1
            self._ancestors[r, slot, slot] = True
            depth[r, column[node]] = self._depth[r, slot]
            ids[r, column[node]] = token[node]
        attention = self._attention(width)
        self.size += width
        hidden = self.decoder(
            input_ids=torch.from_numpy(ids).to(self.device),
            attention_mask=attention,
            position_ids=torch.from_numpy(depth + self.prefix_length).to(self.device),
            cache=self._cache,
            use_cache=True,
        ).last_hidden_state
        return slots, hidden[torch.from_numpy(np.asarray(row)), torch.from_numpy(column)]

    def _grow(self, size: int) -> None:
        capacity = self._depth.shape[1]
        if size > capacity:
            more = max(size, 2 * capacity) - capacity
            self._ancestors = np.pad(self._ancestors, ((0, 0), (0, more), (0, more)))
            self._depth = np.pad(self._depth, ((0, 0), (0, more)))

    def _attention(self, width: int) -> Any:
        """The additive masks (rows, 1, width, prefix + slots) of the newest `width` slots, as the layers need them."""
        end = self.size + width
        seen = self._ancestors[:, self.size : end, :end].copy()
        diagonal = np.arange(width)
        seen[:, diagonal, self.size + diagonal] = True  # a padded slot sees itself, since a softmax needs something
        seen = np.concatenate([np.ones((self.rows, width, self.prefix_length), dtype=bool), seen], axis=2)
        full = self._additive(seen)
        longest = self.prefix_length + int(self._depth[:, :end].max()) + 1
        if self.window is None or longest <= self.window:
            return full
        prefix = np.broadcast_to(np.arange(self.prefix_length), (self.rows, self.prefix_length))
        position = np.concatenate([prefix, self.prefix_length + self._depth[:, :end]], axis=1)
        distance = position[:, -width:, None] - position[:, None, :]
        near = self._additive(seen & (distance < self.window))
        if getattr(self.decoder.config, "layer_types", None) is None:
            return near
        return {"full_attention": full, "sliding_attention": near}

    def _additive(self, seen: npt.NDArray[np.bool_]) -> torch.Tensor:
        dtype = next(self.decoder.parameters()).dtype
        mask = torch.zeros(seen.shape, dtype=dtype).masked_fill_(~torch.from_numpy(seen), torch.finfo(dtype).min)
        return mask[:, None].to(self.device)
