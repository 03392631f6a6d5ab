"""TREC run files, which ranx, trec_eval and their kin read: `query Q0 item rank score tag`, one result a line."""

from collections.abc import Mapping, Sequence

from grape_rewrite.errors import UserError

Run = Mapping[str, Sequence[tuple[str, float]]]


def run_text(run: Run, tag: str) -> str:
    """Return the content of a run file, commonly `<method>.trec`.

    :param run: query id -> (item id, score) pairs, best first. A score is written so that it reads back exactly.
    :param tag: name of the method, the last column; white space in it becomes `-`.
    :raises UserError: when an id is empty or has white space in it, which the format cannot hold.
    """
    tag = "-".join(tag.split()) or "run"
    lines = [
        f"{_word(query)} Q0 {_word(item)} {place} {score} {tag}\n"
        for query, results in run.items()
        for place, (item, score) in enumerate(results, start=1)
    ]
    return "".join(lines)


def _word(id: str) -> str:
    if id.split() != [id]:
        raise UserError(f"id {id!r} cannot stand in a TREC run file; an id is one word without white space")
    return id
