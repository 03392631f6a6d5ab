"""How much the rewrites of one prompt, a group, differ from each other."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any


def share_distinct(prompts: Sequence[Any], rewrites: Sequence[str]) -> float:
    """Return how many different texts a group has, over its size; the mean over the groups.

    >>> share_distinct(["a", "a", "b", "b"], ["boat", "boat", "moon", "full moon"])
    0.75
    """
    groups = _groups(prompts, rewrites)
    return sum(len(set(group)) / len(group) for group in groups) / len(groups)


def share_without_variance(prompts: Sequence[Any], values: Sequence[float]) -> float:
    """Return the share of groups that a reward cannot tell apart, and so cannot teach.

    >>> share_without_variance(["a", "a", "b", "b"], [0.5, 0.5, 0.5, 1.0])
    0.5
    """
    groups = _groups(prompts, values)
    return sum(len(set(group)) == 1 for group in groups) / len(groups)


def _groups(prompts: Sequence[Any], values: Iterable[Hashable]) -> list[list[Hashable]]:
    """Values by prompt, whatever their order; a prompt may be a list of messages."""
    groups: dict[str, list[Hashable]] = {}
    for prompt, value in zip(prompts, values, strict=True):
        groups.setdefault(str(prompt), []).append(value)
    return list(groups.values())
