"""Batches, with a progress bar where one is wanted."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def batches(items: Sequence[T], size: int, described: str | None = None) -> Iterator[Sequence[T]]:
    """Yield consecutive slices of `size` items, the last one shorter.

    >>> list(batches("abcde", 2))
    ['ab', 'cd', 'e']

    :param described: what a progress bar says; there is none by default.
    """
    from rich.progress import track

    starts = range(0, len(items), size)
    for start in track(starts, description=described or "", disable=described is None, transient=True):
        yield items[start : start + size]
