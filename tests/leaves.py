"""Figures of nested documents, one by one."""

from collections.abc import Iterator
from typing import Any


def leaves(found: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """All that is no mapping and no list, with the place where it stands."""
    if isinstance(found, dict | list):
        for key, value in found.items() if isinstance(found, dict) else enumerate(found):
            yield from leaves(value, f"{place}/{key}")
    else:
        yield place, found
