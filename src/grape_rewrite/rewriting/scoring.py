"""Log-probabilities of given completions over a `Forest`, with gradient: what the policy update differentiates."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from grape_rewrite.rewriting.beginning import Beginning
from grape_rewrite.rewriting.forest import Forest, fewest_rows
from grape_rewrite.rewriting.prefixes import families, shared_prefix
from grape_rewrite.rewriting.vocabulary import OutputVocabulary


def log_probabilities(
    decoder: Any,
    vocabulary: OutputVocabulary,
    prompts: Sequence[Sequence[int]],
    completions: Sequence[Sequence[int]],
    temperature: float = 1.0,
    entropy_gradient: bool = False,
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Score each completion's tokens under the policy, sharing prompts and beginnings.

    :param prompts: B lists of token ids, one for each completion; equal ones are run once.
    :param completions: B lists of token ids, all of the output vocabulary, none empty.
    :param entropy_gradient: whether an entropy bonus is to differentiate the entropies; it costs memory.
    :return: for each completion its tokens' log-probabilities (with gradient) and the entropies of the distributions
        that they were drawn from, in nats.
    :raises ValueError: when a completion is empty or has a token outside the output vocabulary.
    """
    trees, ends, targets = _grow_trees(prompts, completions)
    hidden, node = _run(decoder, trees)

    flat_target = torch.tensor([t for target in targets for t in target], device=hidden.device)
    column = vocabulary.row[flat_target]
    if (column < 0).any():
        raise ValueError(f"token {int(flat_target[column < 0][0])} is outside the output vocabulary")
    where = np.concatenate([[node[key] for key in end] for end in ends])
    used, inverse = np.unique(where, return_inverse=True)
    logits = vocabulary.logits(hidden[torch.from_numpy(used)]) / temperature
    normaliser = torch.logsumexp(logits, -1)
    rows = torch.from_numpy(inverse).to(hidden.device)
    chosen = logits[rows, column] - normaliser[rows]
    with torch.set_grad_enabled(entropy_gradient and torch.is_grad_enabled()):
        probability = torch.exp(logits - normaliser[:, None])
        entropy = (normaliser - (probability * logits).sum(-1))[rows]
    lengths = [len(target) for target in targets]
    return list(chosen.split(lengths)), list(entropy.split(lengths))


Path = tuple[int, ...]
Node = tuple[Path, Path]  # of a tree: the prompt, and the path below it


def _grow_trees(
    prompts: Sequence[Sequence[int]], completions: Sequence[Sequence[int]]
) -> tuple[dict[Path, dict[Path, None]], list[list[Node]], list[list[int]]]:
    """Collect for each distinct prompt the distinct beginnings that need a hidden state, in order of growth.

    A beginning is the path of completion tokens below the prompt; the empty one stands for the prompt's last token.
    """
    trees: dict[Path, dict[Path, None]] = {}
    ends, targets = [], []
    for prompt, completion in zip(prompts, completions, strict=True):
        if len(completion) == 0:
            raise ValueError("a completion has no tokens; it needs at least its end token")
        key, path = tuple(prompt), tuple(completion)
        beginnings = [path[:length] for length in range(len(path))]
        trees.setdefault(key, {}).update(dict.fromkeys(beginnings))
        ends.append([(key, beginning) for beginning in beginnings])
        targets.append(list(completion))
    return trees, ends, targets


def _run(decoder: Any, trees: dict[Path, dict[Path, None]]) -> tuple[torch.Tensor, dict[Node, int]]:
    """Run the trees, family by family; return the hidden states (N, H) of all nodes, and each one's number."""
    prompts = list(trees)
    states: list[torch.Tensor] = []
    nodes: dict[Node, int] = {}
    for family in families(prompts):
        own = {prompts[number]: trees[prompts[number]] for number in family}
        cut = shared_prefix(list(own))
        row, parent, token, node = _pack(own, cut)
        forest = Forest(decoder, Beginning.of(decoder, next(iter(own))[:cut]), int(row.max()) + 1)
        before = sum(len(state) for state in states)
        states.append(forest.extend(row, parent, token)[1])
        nodes |= {key: before + number for key, number in node.items()}
    return torch.cat(states), nodes


def _pack(trees: dict[Path, dict[Path, None]], cut: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[Node, int]]:
    """Lay the trees into rows of about equal length; return row, parent and token of each node, and its number."""
    sizes = {prompt: len(prompt) - cut + len(tree) - 1 for prompt, tree in trees.items()}
    row_of = _spread(sizes)
    row: list[int] = []
    parent: list[int] = []
    token: list[int] = []
    node: dict[Node, int] = {}
    for prompt, chosen in row_of.items():
        for i, ident in enumerate(prompt[cut:]):
            parent.append(-1 if i == 0 else -2 - (len(row) - 1))
            row.append(chosen)
            token.append(ident)
        node[prompt, ()] = len(row) - 1
        for path in trees[prompt]:
            if path:
                parent.append(-2 - node[prompt, path[:-1]])
                node[prompt, path] = len(row)
                row.append(chosen)
                token.append(path[-1])
    return np.array(row), np.array(parent), np.array(token), node


def _spread(sizes: dict[Path, int]) -> dict[Path, int]:
    """Choose a row for each tree, by its number of nodes, so that little is padded.

    Longest first, each goes to the row that is the shortest yet (Graham, SIAM J. Appl. Math. 1969).
    """
    fewest = fewest_rows(sizes.values())
    longest_first = sorted(sizes, key=lambda prompt: -sizes[prompt])
    layouts = []
    for rows in range(fewest, 2 * fewest + 1):
        filled = [0] * rows
        row_of = {}
        for prompt in longest_first:
            row_of[prompt] = filled.index(min(filled))
            filled[row_of[prompt]] += sizes[prompt]
        layouts.append((rows * max(filled), row_of))
    return min(layouts, key=lambda layout: layout[0])[1]
