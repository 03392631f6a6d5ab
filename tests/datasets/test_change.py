"""Changes in words: each says what goes and what comes, and nothing else that could give the answer away."""

from collections import Counter

import pytest

from grape_rewrite.datasets.change import LANGUAGES, WORDINGS, change, language_of


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("split", WORDINGS)
def test_every_wording_names_both(split: str, language: str) -> None:
    told = {change("XX", "YY", split, language, str(key)) for key in range(200)}
    assert len(told) == len(WORDINGS[split][language]) == len(set(WORDINGS[split][language])) >= 2
    for text in told:
        assert text.count("XX") == text.count("YY") == 1
        assert text.replace("XX", "ZZ").replace("YY", "XX").replace("ZZ", "YY") not in told  # says which is which


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_wording_is_in_two_splits(language: str) -> None:
    wordings = Counter(wording for languages in WORDINGS.values() for wording in languages[language])
    assert set(wordings.values()) == {1}
    assert all(set(languages) == set(LANGUAGES) for languages in WORDINGS.values())


def test_languages_are_drawn_alike() -> None:
    drawn = Counter(language_of(str(key)) for key in range(7000))
    assert set(drawn) == set(LANGUAGES)
    assert all(abs(count - 1000) < 120 for count in drawn.values())
