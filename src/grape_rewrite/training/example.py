"""What is shown of a training step."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Example(NamedTuple):
    """One rewrite of the latest step, with the rank of the query as it was and of the rewrite."""

    query: str
    rewrite: str
    rank_before: float
    rank_after: float


Watch = Callable[[dict[str, Any], list[Example]], None]
