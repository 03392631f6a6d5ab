"""Batches with a progress bar."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def batches(items: Sequence[T], size: int, progress: bool, description: str) -> Iterator[Sequence[T]]:
    """Yield consecutive slices of `size` items, the last one shorter.

    >>> [list(batch) for batch in batches("abcde", 2, progress=False, description="")]
    [['a', 'b'], ['c', 'd'], ['e']]

    :raises ValueError: when `size` is less than 1.
    """
    from rich.progress import track

    if size < 1:
        raise ValueError(f"batch_size is {size}; it must be at least 1")
    starts = range(0, len(items), size)
    for start in track(starts, description=description, disable=not progress, transient=True):
        yield items[start : start + size]
