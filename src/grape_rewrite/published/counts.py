"""What was found of a benchmark, compared with what is published of it."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from grape_rewrite.datasets.records import shown
from grape_rewrite.errors import UserError
from grape_rewrite.published.part import Part

logger = logging.getLogger(__name__)


class Counts(NamedTuple):
    """How large a split is, as published."""

    items: int
    queries: int


def compare(
    name: str,
    published: Mapping[str, Counts],
    parts: Mapping[str, Part],
    partial: bool,
    captions: int | None = None,
    optional: Collection[str] = (),
) -> None:
    """Compare splits with the published counts.

    :param name: of the benchmark, for the message.
    :param published: split -> published counts; `train+dev` for two splits together.
    :param parts: split -> what was found.
    :param partial: say what is different, instead of refusing it.
    :param captions: of each picture; None where their number differs.
    :param optional: splits that need not be there.
    :raises UserError: for the first split that is not as published, unless a part is accepted.
    """
    for split, counts in published.items():
        those = [parts[one] for one in split.split("+") if one in parts]
        if not those and split in optional:
            continue
        found = Counts(
            len({item.id for part in those for item in part.items}), sum(len(part.queries) for part in those)
        )
        problem = _uneven(those, captions)
        if not problem and found != counts:
            problem = (
                f"{found.items:,} items and {found.queries:,} queries were found, "
                f"{counts.items:,} and {counts.queries:,} are published"
            )
        if problem and not partial:
            raise UserError(f"{name}, split {split}: {problem}; --partial accepts what is there")
        if problem:
            logger.warning("%s, split %s: %s", name, split, problem)


def _uneven(parts: Iterable[Part], captions: int | None) -> str:
    """What is said of the first picture that has more or fewer captions than all have; empty where none has."""
    for part in parts if captions else ():
        asked = Counter(id for judged in part.qrels.values() for id in judged)
        odd = next((item.id for item in part.items if asked[item.id] != captions), None)
        if odd is not None:
            return f"picture {shown(odd)} has {asked[odd]} captions, {captions} a picture are published"
    return ""
