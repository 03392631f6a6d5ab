"""A paragraph: two things described at length in the words of a dictionary, and others that are not meant."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from grape_rewrite.datasets.embedded import fraction
from grape_rewrite.datasets.paragraph_wordings import Wordings
from grape_rewrite.datasets.wordnet import Sense, sense_of

T = TypeVar("T")

LEAST, MOST = 40, 150  # words of a paragraph


@dataclass(frozen=True)
class Thing:
    """What can be described: its name and its meaning."""

    name: str
    sense: Sense

    @property
    def definition(self) -> str:
        """Its definition in one sentence: without remarks in brackets and without a stop at its end."""
        return _clean(self.sense.definition)

    def introduced(self, form: str | None) -> str:
        """The definition, together with the name in such a form if there is one."""
        return form.format(name=self.name, definition=self.definition) if form else self.definition


def paragraph(shown: tuple[Thing, Thing], absent: Sequence[Thing], wordings: Wordings, named: bool, key: str) -> str:
    """Describe two things that a picture shows, and say of others that they are not there, in places drawn by chance.

    Each thing in the picture is told by its definition, then by what it counts as, related words and how it is used, as
    far as it takes to make a paragraph. The others are told by their definitions, before, between or after the two.

    :param shown: the things in the picture.
    :param absent: things that are not, one or two.
    :param wordings: the sentences to draw from.
    :param named: whether the names are said.
    :param key: what chance depends on: the same key, the same paragraph.
    :return: 40 to 150 words in English.
    """
    form = _drawn(wordings.named, f"form {key}") if named else None
    details = [_shuffled(_details(thing, wordings, named), key) for thing in shown]
    opening, leads = _drawn(wordings.openings, f"opening {key}"), _drawn(wordings.leads, f"lead {key}")
    asides: list[list[str]] = [[], [], []]  # before, between and after the two
    for thing, aside in zip(absent, _shuffled(wordings.asides, key), strict=False):
        _drawn(asides, f"place {thing.name} {key}").append(aside.format(thing.introduced(form)))
    told = [0, 0]
    while True:
        first, second = (
            " ".join([lead, f"{thing.introduced(form)}.", *more[:count]])
            for lead, thing, more, count in zip(leads, shown, details, told, strict=True)
        )
        text = " ".join([opening, *asides[0], first, *asides[1], second, *asides[2]])
        longer = [part for part in (0, 1) if told[part] < len(details[part])]
        if len(text.split()) >= LEAST or not longer:
            return text
        told[min(longer, key=lambda part: told[part])] += 1


def _details(thing: Thing, wordings: Wordings, named: bool) -> list[str]:
    """Sentences about a thing beyond its definition; none that gives its name away where that is left out."""
    sense, found = thing.sense, []
    for number in sense.wider[:1]:
        wider = sense_of(number)
        found.append(wordings.wider.format(word=wider.words[0], definition=_clean(wider.definition)))
        for above in wider.wider[:1]:
            farther = sense_of(above)
            found.append(wordings.farther.format(word=farther.words[0], definition=_clean(farther.definition)))
    related = [sense_of(number).words[0] for number in (*sense.parts, *sense.narrower)][:3]
    if related:
        found.append(wordings.related.format(words=", ".join(related)))
    found += [wordings.used.format(example) for example in sense.examples[:1]]
    return found if named else [text for text in found if not says(text, thing.name)]


def says(text: str, name: str) -> bool:
    """Return whether a text says a name, in any case."""
    return re.search(rf"\b{re.escape(name)}", text, re.IGNORECASE) is not None


def _clean(definition: str) -> str:
    return re.sub(r"\s*\([^)]*\)\s*", " ", definition).strip(' ;."')


def _shuffled(texts: Sequence[str], key: str) -> list[str]:
    return sorted(texts, key=lambda text: fraction(f"{key} {text}"))


def _drawn(choices: Sequence[T], key: str) -> T:
    return choices[int(fraction(key) * len(choices))]
