"""What the embedded data sets, which are built into a folder, have in common."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from grape_rewrite.datasets.beir import Qrels
from grape_rewrite.datasets.split import Query
from grape_rewrite.errors import UserError

DESCRIPTION = "dataset.json"


def fraction(text: str) -> float:
    """Return a number from [0, 1) that depends on the text alone: chance that is the same everywhere.

    >>> round(fraction("1F34E"), 3)
    0.897
    """
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48


def share_of(text: str, bounds: Mapping[str, float]) -> str:
    """Return the part that a text falls into by its `fraction`.

    :param bounds: the upper bound of each part, ascending, the last one 1.
    """
    share = fraction(text)
    return next(name for name, bound in bounds.items() if share < bound)


def ask_for(items: Iterable[tuple[str, str, Mapping[str, str]]]) -> tuple[list[Query], dict[str, Qrels]]:
    """Make one query for each item and language; English ones belong to no split, they are the others' reference.

    :param items: id, split, and language -> text, English among them.
    :return: the queries, and split -> query id -> {item id: 1}.
    """
    queries = []
    qrels: dict[str, Qrels] = {"train": {}, "dev": {}, "test": {}}
    for id, split, texts in items:
        for language, text in sorted(texts.items()):
            query = Query(f"{id}.{language}", text, language=language, reference=texts["en"])
            queries.append(query)
            if language != "en":
                qrels[split][query.id] = {id: 1}
    return queries, qrels


def is_built(folder: Path, name: str, key: str, source: str | None = None) -> bool:
    """Return whether the folder holds this data set, made by the same recipe from the same versions and files.

    :param name: of the data set, as in its description.
    :param key: of recipe and versions.
    :param source: a fingerprint of the files; None where it does not matter.
    :raises UserError: when the folder holds something else, which is never replaced.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    try:
        found = described(folder)
        if found["name"] == name:
            return bool(found["key"] == key) and source in {None, found.get("source")}
    except (OSError, ValueError, TypeError, KeyError):
        pass
    raise UserError(f"{folder} holds something other than the data set {name!r}; name a new or empty folder")


def described(folder: Path) -> dict[str, Any]:
    """Return the description of a data set that is built."""
    return dict(json.loads((folder / DESCRIPTION).read_text(encoding="utf-8")))


def describe(
    folder: Path,
    name: str,
    key: str,
    packages: Mapping[str, str],
    parts: Iterable[str],
    qrels: Mapping[str, Qrels],
    languages: Iterable[str],
    source: str | None = None,
) -> None:
    """Write the description of a data set, with the SHA-256 over its other files, as the last thing.

    :param folder: of the data set.
    :param name: of the data set.
    :param key: of recipe and versions.
    :param packages: what it was made from -> version.
    :param parts: the part of the data that each item belongs to.
    :param qrels: split -> query id -> judgements.
    :param languages: of the queries.
    :param source: a fingerprint of the files that it was made from, where they are no packages'.
    """
    description = {
        "name": name,
        "key": key,
        "packages": dict(packages),
        **({"source": source} if source else {}),
        "items": dict(Counter(parts)),
        "queries": {split: len(judged) for split, judged in qrels.items()},
        "languages": sorted(languages),
        "sha256": _sha256(folder),
    }
    (folder / DESCRIPTION).write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")


def _sha256(folder: Path) -> str:
    """Return the SHA-256 over the names and contents of all files."""
    files: Iterable[Path] = sorted((file for file in folder.rglob("*") if file.is_file()), key=Path.as_posix)
    lines = (
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder).as_posix()}\n" for file in files
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()
