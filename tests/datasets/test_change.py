"""Changes in words: each says what goes and what comes, and nothing else that could give the answer away."""

from collections import Counter

import pytest

from grape_rewrite.datasets.change import WORDINGS, change, language_of


@pytest.mark.parametrize("language", WORDINGS)
def test_every_wording_names_both(language: str) -> None:
    told = {change("XX", "YY", language, str(key)) for key in range(200)}
    assert len(told) == len(WORDINGS[language]) == len(set(WORDINGS[language])) >= 4
    for text in told:
        assert text.count("XX") == text.count("YY") == 1
        assert text.replace("XX", "ZZ").replace("YY", "XX").replace("ZZ", "YY") not in told  # says which is which


def test_languages_are_drawn_alike() -> None:
    drawn = Counter(language_of(str(key)) for key in range(7000))
    assert set(drawn) == set(WORDINGS)
    assert all(abs(count - 1000) < 120 for count in drawn.values())
