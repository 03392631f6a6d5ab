"""Paragraphs: what they say, what they keep to themselves, and how long they are."""

from collections import Counter
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.datasets.paragraph import LEAST, MOST, Thing, paragraph, says
from grape_rewrite.datasets.paragraph_wordings import WORDINGS, Wordings
from grape_rewrite.datasets.wordnet import read_senses

NAMES = ("guitar", "owl", "palm tree", "goggles", "sun", "lemon")
SENSES = read_senses(set(NAMES))
THINGS = [Thing(name, SENSES[name]) for name in NAMES]


@given(
    st.permutations(THINGS), st.integers(1, 2), st.sampled_from(sorted(WORDINGS)), st.booleans(), st.text(max_size=20)
)
def test_a_paragraph_defines_things_and_names_them_only_when_asked(
    things: list[Thing], count: int, split: str, named: bool, key: str
) -> None:
    first, second, *others = things
    absent, others = others[:count], others[count:]
    text = paragraph((first, second), absent, WORDINGS[split], named, key)
    assert LEAST <= len(text.split()) <= MOST
    assert text == paragraph((first, second), absent, WORDINGS[split], named, key)
    assert "\n" not in text
    for thing in (first, second, *absent):
        assert thing.definition in text
        if named:
            assert says(text, thing.name)
    for thing in others:
        assert thing.definition not in text
    assert text.index(first.definition) < text.index(second.definition)
    if not named:
        assert not any(says(text, thing.name) for thing in (first, second))


def test_wordings_and_places_differ() -> None:
    first, second, absent = THINGS[:3]
    texts = [paragraph((first, second), [absent], WORDINGS["train"], True, str(key)) for key in range(60)]
    assert len({text[:22] for text in texts}) == len(WORDINGS["train"].openings)
    order = Counter("".join(sorted("12x", key=places(text).__getitem__)) for text in texts)
    assert set(order) == {"x12", "1x2", "12x"}
    assert all(8 < count < 32 for count in order.values())


def places(text: str) -> dict[str, int]:
    """Where each of the first three things is told."""
    return {mark: text.index(thing.definition) for mark, thing in zip("12x", THINGS, strict=False)}


def test_no_sentence_is_in_two_splits() -> None:
    for part in fields(Wordings):
        found = [getattr(wordings, part.name) for wordings in WORDINGS.values()]
        sentences = Counter(one for each in found for one in ([each] if isinstance(each, str) else set(each)))
        assert set(sentences.values()) == {1}


@pytest.mark.parametrize(
    ("text", "said"), [("Owls hunt.", True), ("an OWL", True), ("a bowl", False), ("howling owlets", True)]
)
def test_a_name_is_found_at_the_beginning_of_a_word(text: str, said: bool) -> None:
    assert says(text, "owl") is said
