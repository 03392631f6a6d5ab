"""Scenes: a picture of two drawings, and what people call it."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grape_rewrite.datasets.embedded import fraction, share_of

if TYPE_CHECKING:
    from PIL import Image

REACH = 10  # of the rings of the embedded data sets: each thing is in twice as many pairs
# Upper bounds of each split, as shares of all pairs.
SPLITS = {"test": 0.40, "dev": 0.50, "train": 1.0}
SHARE = 0.56  # side of a drawing in a scene, as a share of the scene's: their corners, mostly paper, overlap
AND = {
    "ar": " و",
    "de": " und ",
    "en": " and ",
    "es": " y ",
    "fa": " و ",
    "fr": " et ",
    "id": " dan ",
    "it": " e ",
    "ja": "と",
    "ko": "와 ",
    "pt": " e ",
    "ru": " и ",
    "tr": " ve ",
    "zh": "和",
}
SPANISH_I = re.compile("h?[ií](?![aeouáéóú])", re.IGNORECASE)  # the sound that turns "y" into "e"
FIRST_SYLLABLE, LAST_SYLLABLE, FINALS = "가", "힣", 28  # Hangul syllables come in blocks of 28, one for each final

Pair = tuple[str, str]


def ring(ids: Sequence[str], reach: int) -> list[Pair]:
    """Pair things so that each is in the same number of pairs: seated in a ring by chance, with its nearest neighbours.

    Chance is the hash of the ids, so the choice is the same everywhere; which of a pair comes first is chance too.

    >>> ring(["a", "b", "c"], 1)
    [('c', 'a'), ('c', 'b'), ('b', 'a')]

    :param ids: more than `2 * reach` of them, all different.
    :param reach: how many seats away the farthest partner sits.
    :return: `reach * len(ids)` pairs, no two of the same things.
    """
    seats = sorted(ids, key=lambda id: fraction(f"seat {id}"))
    pairs = [(id, seats[(row + step) % len(seats)]) for step in range(1, reach + 1) for row, id in enumerate(seats)]
    return [pair if fraction(f"first {min(pair)} {max(pair)}") < 0.5 else pair[::-1] for pair in pairs]


def scene_id(pair: Pair) -> str:
    """Return the id of the scene of two drawings: theirs, joined by `+`."""
    return "+".join(pair)


def split_of(pair: Pair, kind: str) -> str:
    """Return the split that a pair belongs to; the same two things the other way round belong there too.

    :param kind: what is made of the pair, so that different data sets are split differently.
    """
    return share_of(f"{kind} " + "+".join(sorted(pair)), SPLITS)


def draw_scenes(pairs: Sequence[Pair], source: Path, folder: Path, progress: bool) -> dict[Pair, Path]:
    """Compose the scene of each pair of drawings, and return the files.

    :param source: a data set whose `images/` hold the drawings.
    :param folder: where `images/` is made.
    :param progress: show a progress bar.
    """
    from rich.progress import track

    (folder / "images").mkdir()
    files = {pair: folder / "images" / f"{scene_id(pair)}.png" for pair in pairs}
    for pair, file in track(files.items(), "Drawing scenes", disable=not progress, transient=True):
        compose(*(source / "images" / f"{id}.png" for id in pair)).save(file)
    return files


def compose(first: Path, second: Path) -> "Image.Image":
    """Put one picture into the upper left and the other into the lower right of a white square of the same size.

    Where they overlap, the darker of both is kept, so that neither's paper hides a part of the other.

    :param first: file of a square picture.
    :param second: file of another of the same size.
    """
    from PIL import Image, ImageChops

    drawings = []
    for file in (first, second):
        with Image.open(file) as drawing:
            drawings.append(drawing.convert("RGB"))
    size = drawings[0].width
    side = round(SHARE * size)
    scene = Image.new("RGB", (size, size), "white")
    for drawing, corner in zip(drawings, (0, size - side), strict=True):
        placed = Image.new("RGB", (size, size), "white")
        placed.paste(drawing.resize((side, side), Image.Resampling.LANCZOS), (corner, corner))
        scene = ImageChops.darker(scene, placed)
    return scene


def caption(first: str, second: str, language: str) -> str:
    """Join two names by the word for "and" of a language.

    >>> caption("Baum", "Haus", "de"), caption("casa", "iglú", "es"), caption("책", "나무", "ko")
    ('Baum und Haus', 'casa e iglú', '책과 나무')

    :raises KeyError: for a language that is not in `AND`.
    """
    word = AND[language]
    if language == "es" and SPANISH_I.match(second):
        word = " e "
    if language == "ko" and _ends_in_consonant(first):
        word = "과 "
    return f"{first}{word}{second}"


def captions(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    """Join the names of two things, language -> name, in every language of `AND`."""
    return {language: caption(first[language], second[language], language) for language in AND}


def _ends_in_consonant(text: str) -> bool:
    """Whether a text ends in a Hangul syllable with a final consonant."""
    last = text[-1:]
    return FIRST_SYLLABLE <= last <= LAST_SYLLABLE and (ord(last) - ord(FIRST_SYLLABLE)) % FINALS > 0
