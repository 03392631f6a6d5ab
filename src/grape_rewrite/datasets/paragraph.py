"""A paragraph: two things described at length in the words of a dictionary, and a third that is not meant."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from grape_rewrite.datasets.embedded import fraction
from grape_rewrite.datasets.wordnet import Sense, sense_of

T = TypeVar("T")

LEAST, MOST = 40, 150  # words of a paragraph
OPENINGS = (
    "Two things are to be seen here.",
    "I am looking for a picture that I saw some time ago.",
    "The illustration belongs to an article about everyday words.",
    "This is what the catalogue said, as far as I remember.",
)
FIRST = ("In one corner:", "To begin with:", "The upper one:", "First of all:")
SECOND = ("In the other corner:", "Then there is the second:", "The lower one:", "And beside that:")
ANOTHER = (
    "There was another picture on that page, of this: {}. That is not the one I mean.",
    "What it does not show, though it is often found with it: {}.",
    "Elsewhere on the page I read about this: {}. It has nothing to do with the picture.",
    "Do not confuse it with the picture of this: {}.",
)


@dataclass(frozen=True)
class Thing:
    """What can be described: its name and its meaning."""

    name: str
    sense: Sense

    def introduced(self, named: bool) -> str:
        """The definition, behind the name if that is said."""
        return f"{self.name}, {_clean(self.sense.definition)}" if named else _clean(self.sense.definition)


def paragraph(shown: tuple[Thing, Thing], absent: Thing, named: bool, key: str) -> str:
    """Describe two things that a picture shows, and say of a third that it is not there, in an order drawn by chance.

    Each thing is told by its definition, then by what it counts as and by related words, as far as it takes to make a
    paragraph of it.

    :param shown: the things in the picture.
    :param absent: the thing that is not.
    :param named: whether the names are said.
    :param key: what chance depends on: the same key, the same paragraph.
    :return: 40 to 150 words in English.
    """
    details = [sorted(_details(thing, named), key=lambda text: fraction(f"{key} {text}")) for thing in shown]
    opening, place = _drawn(OPENINGS, f"opening {key}"), _drawn(range(len(FIRST)), f"place {key}")
    aside = _drawn(ANOTHER, f"aside {key}").format(absent.introduced(named))
    told = [0, 0]
    while True:
        parts = [
            " ".join([lead[place], f"{thing.introduced(named)}.", *more[:count]])
            for lead, thing, more, count in zip((FIRST, SECOND), shown, details, told, strict=True)
        ]
        text = " ".join([opening, aside, *parts] if fraction(f"order {key}") < 0.5 else [opening, *parts, aside])
        longer = [part for part in (0, 1) if told[part] < len(details[part])]
        if len(text.split()) >= LEAST or not longer:
            return text
        told[min(longer, key=lambda part: told[part])] += 1


def _details(thing: Thing, named: bool) -> list[str]:
    """Sentences about a thing beyond its definition; none that gives its name away where that is left out."""
    sense, found = thing.sense, []
    for number in sense.wider[:1]:
        wider = sense_of(number)
        found.append(f"Such a thing counts as {wider.words[0]}: {_clean(wider.definition)}.")
        for above in wider.wider[:1]:
            farther = sense_of(above)
            found.append(f"More widely it is {farther.words[0]}, that is, {_clean(farther.definition)}.")
    related = [sense_of(number).words[0] for number in (*sense.parts, *sense.narrower)][:3]
    if related:
        found.append(f"People also speak of {', '.join(related)} when they talk about it.")
    return found if named else [text for text in found if not says(text, thing.name)]


def says(text: str, name: str) -> bool:
    """Return whether a text says a name, in any case."""
    return re.search(rf"\b{re.escape(name)}", text, re.IGNORECASE) is not None


def _clean(definition: str) -> str:
    """A definition in one sentence: without remarks in brackets and without a stop at its end."""
    return re.sub(r"\s*\([^)]*\)\s*", " ", definition).strip(' ;."')


def _drawn(choices: Sequence[T], key: str) -> T:
    return choices[int(fraction(key) * len(choices))]
