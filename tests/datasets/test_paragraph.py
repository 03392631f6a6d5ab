"""Paragraphs: what they say, what they keep to themselves, and how long they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.datasets.paragraph import LEAST, MOST, Thing, paragraph, says
from grape_rewrite.datasets.wordnet import read_senses

NAMES = ("guitar", "owl", "palm tree", "goggles", "sun", "lemon")
SENSES = read_senses(set(NAMES))
THINGS = [Thing(name, SENSES[name]) for name in NAMES]


@given(st.permutations(THINGS), st.booleans(), st.text(max_size=20))
def test_a_paragraph_defines_three_things_and_names_them_only_when_asked(
    things: list[Thing], named: bool, key: str
) -> None:
    first, second, absent, *others = things
    text = paragraph((first, second), absent, named, key)
    assert LEAST <= len(text.split()) <= MOST
    assert text == paragraph((first, second), absent, named, key)
    assert "\n" not in text
    for thing in (first, second, absent):
        assert thing.introduced(named=False) in text
        assert says(text, thing.name) >= named
    for thing in others:
        assert thing.introduced(named=False) not in text
    assert text.index(first.introduced(named)) < text.index(second.introduced(named))


def test_wordings_and_places_differ() -> None:
    texts = [paragraph((THINGS[0], THINGS[1]), THINGS[2], True, str(key)) for key in range(40)]
    assert len({text[:25] for text in texts}) >= 4
    aside = THINGS[2].introduced(named=True)
    before = sum(text.index(aside) < text.index(THINGS[0].introduced(named=True)) for text in texts)
    assert 8 < before < 32


@pytest.mark.parametrize(
    ("text", "said"), [("Owls hunt.", True), ("an OWL", True), ("a bowl", False), ("howling owlets", True)]
)
def test_a_name_is_found_at_the_beginning_of_a_word(text: str, said: bool) -> None:
    assert says(text, "owl") is said
