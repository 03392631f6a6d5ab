"""Sampling and greedy decoding, many rewrites for each of many prompts, over a `Forest`.

Rewrites of one group that have begun alike have the same state, so they are one node until they part; a rewrite that
has ended costs nothing more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import torch

from grape_rewrite.rewriting.beginning import Beginning
from grape_rewrite.rewriting.forest import Forest, fewest_rows
from grape_rewrite.rewriting.prefixes import families, shared_prefix
from grape_rewrite.rewriting.vocabulary import OutputVocabulary


@dataclass
class Branch:
    """An unfinished path: the completions (numbers into the output) that have followed it so far."""

    row: int
    slot: int
    followers: list[int] = field(default_factory=list)


@torch.no_grad()
def sample(
    decoder: Any,
    vocabulary: OutputVocabulary,
    prompts: Sequence[list[int]],
    group: int,
    max_tokens: int,
    stop: Sequence[int],
    temperature: float = 1.0,
    beginning: Beginning | None = None,
) -> list[list[int]]:
    """Sample `group` completions for each prompt; with `temperature` 0 take the likeliest token at each step.

    :param prompts: P lists of token ids.
    :param group: completions for each prompt.
    :param max_tokens: where a completion is cut off.
    :param stop: ids of the tokens that end a completion; the one that ended it is part of it.
    :param beginning: what prompts may begin with, where it has been run.
    :return: P * group lists of token ids, grouped by prompt, each of 1 to `max_tokens` tokens.
    """
    found: list[list[int]] = [[] for _ in range(len(prompts) * group)]
    for family in families(prompts):
        own = [prompts[prompt] for prompt in family]
        cut = shared_prefix(own)
        kept = beginning is not None and _pays(beginning, own, cut)
        begun = beginning if beginning and kept else Beginning.of(decoder, own[0][:cut])
        rests = [list(prompt[len(begun.tokens) :]) for prompt in own]
        forest = Forest(decoder, begun, fewest_rows(map(len, rests)))
        completions = _grow(forest, vocabulary, rests, group, max_tokens, stop, temperature)
        for place, prompt in enumerate(family):
            found[prompt * group : (prompt + 1) * group] = completions[place * group : (place + 1) * group]
    return found


def _pays(beginning: Beginning, prompts: Sequence[Sequence[int]], shared: int) -> bool:
    """Whether a beginning saves more tokens than are run for each prompt alone that are shared behind it."""
    kept = len(beginning.tokens)
    return beginning.begins(prompts) and (shared - kept) * (len(prompts) - 1) < kept


def _grow(
    forest: Forest,
    vocabulary: OutputVocabulary,
    rests: list[list[int]],
    group: int,
    max_tokens: int,
    stop: Sequence[int],
    temperature: float,
) -> list[list[int]]:
    """Sample completions for the prompts of one family, given by what they do not share."""
    completions: list[list[int]] = [[] for _ in range(len(rests) * group)]
    branches, hidden = _plant(forest, rests, group)
    ends = set(stop)
    for step in range(max_tokens):
        logits = vocabulary.logits(hidden)
        grown: list[Branch] = []
        origin, tokens = [], []
        for branch, chosen in zip(branches, _choose(logits, branches, vocabulary, temperature), strict=True):
            children: dict[int, Branch] = {}
            for completion, token in zip(branch.followers, chosen, strict=True):
                completions[completion].append(token)
                if token in ends:
                    continue
                if token not in children:
                    children[token] = Branch(branch.row, -1)
                    grown.append(children[token])
                    origin.append(branch.slot)
                    tokens.append(token)
                children[token].followers.append(completion)
        if not grown or step == max_tokens - 1:
            break
        row = np.array([branch.row for branch in grown])
        slots, hidden = forest.extend(row, np.array(origin), np.array(tokens))
        for branch, slot in zip(grown, slots, strict=True):
            branch.slot = int(slot)
        branches = grown
    return completions


def _plant(forest: Forest, rests: list[list[int]], group: int) -> tuple[list[Branch], torch.Tensor]:
    """Run what the prompts do not share; return one branch for each prompt and the hidden states (P, H) at its end."""
    row: list[int] = []
    parent: list[int] = []
    token: list[int] = []
    last: list[tuple[int, int]] = []
    # Longest first and snaking over the rows: rows end up about equally long, and with as many prompts as any other,
    # which is what counts later, as each prompt grows as many rewrites.
    for place, prompt in enumerate(sorted(range(len(rests)), key=lambda p: -len(rests[p]))):
        lap, offset = divmod(place, forest.rows)
        chosen = offset if lap % 2 == 0 else forest.rows - 1 - offset
        for i, ident in enumerate(rests[prompt]):
            parent.append(-1 if i == 0 else -2 - (len(row) - 1))
            row.append(chosen)
            token.append(ident)
        last.append((prompt, len(row) - 1))
    slots, hidden = forest.extend(np.array(row), np.array(parent), np.array(token))
    last.sort()
    branches = [
        Branch(row[node], int(slots[node]), list(range(prompt * group, (prompt + 1) * group))) for prompt, node in last
    ]
    return branches, hidden[[node for _, node in last]]


def _choose(
    logits: torch.Tensor, branches: list[Branch], vocabulary: OutputVocabulary, temperature: float
) -> list[list[int]]:
    """Draw a token for each follower of each branch from that branch's distribution."""
    if temperature == 0:
        tokens = vocabulary.tokens[logits.argmax(-1)].tolist()
        return [[token] * len(branch.followers) for token, branch in zip(tokens, branches, strict=True)]
    counts = torch.tensor([len(branch.followers) for branch in branches], device=logits.device)
    # Inverse transform sampling: one uniform number for each follower, all searched for at once, a row a branch.
    cumulative = torch.softmax(logits / temperature, -1).double().cumsum(-1)
    follows = torch.arange(int(counts.max()), device=logits.device) < counts[:, None]
    draws = torch.zeros(follows.shape, dtype=torch.float64, device=logits.device)
    draws[follows] = torch.rand(int(counts.sum()), dtype=torch.float64, device=logits.device)
    picked = torch.searchsorted(cumulative, draws * cumulative[:, -1:], right=True)[follows]
    tokens = vocabulary.tokens[picked.clamp_(max=len(vocabulary) - 1)].tolist()
    drawn = iter(tokens)
    return [list(islice(drawn, count)) for count in counts.tolist()]
