"""TREC run files, which ranx, trec_eval and their kin read: `query Q0 item rank score tag`, one result a line."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from grape_rewrite.atomic import write_text
from grape_rewrite.errors import UserError

Run = Mapping[str, Sequence[tuple[str, float]]]


def write_run(path: Path, run: Run, tag: str) -> None:
    """Write a run file whole, or not at all.

    :param path: the file to make, commonly `<method>.trec`; replaced if it exists.
    :param run: query id -> (item id, score) pairs, best first. A score is written so that it reads back exactly.
    :param tag: name of the method, the last column; white space in it becomes `-`.
    :raises UserError: when an id is empty or has white space in it, which the format cannot hold, or the file cannot
        be written.
    """
    tag = "-".join(tag.split()) or "run"
    lines = [
        f"{_word(query)} Q0 {_word(item)} {place} {score} {tag}\n"
        for query, results in run.items()
        for place, (item, score) in enumerate(results, start=1)
    ]
    write_text(path, "".join(lines))


def _word(id: str) -> str:
    if id.split() != [id]:
        raise UserError(f"id {id!r} cannot stand in a TREC run file; an id is one word without white space")
    return id
