import sys
import unicodedata
from collections import Counter

import pytest

from grape_rewrite.datasets.emoji_names import clean, read_emoji, wanted
from grape_rewrite.errors import UserError

LANGUAGES = {"ar", "de", "en", "es", "fa", "fr", "id", "it", "ja", "ko", "pt", "ru", "tr", "zh"}


@pytest.mark.parametrize(
    "kept",
    [
        "🍎",
        "❤️",
        "👩‍🚒",
        "🧑‍🚒",
        "👨‍🚒",
        "👩‍🦰",
        "👪",
        "👭",
        "🐻‍❄️",
        "🏳️‍🌈",
        "🏴‍☠️",
        "🕵️",
        "👩",
        "🙂‍↔️",
        "🧑‍🤝‍🧑",
        "#️⃣",
    ],
)
def test_kept(kept):
    assert wanted(kept)


@pytest.mark.parametrize(
    "dropped",
    [
        "👍🏽",
        "👩🏿‍🚒",
        "🇩🇪",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "🙇‍♀️",
        "🙇‍♂️",
        "👨‍👩‍👧",
        "👩‍❤️‍👨",
        "👩‍👦",
        "🏃‍➡️",
        "🏃‍♀️‍➡️",
    ],
)
def test_left_out(dropped):
    assert not wanted(dropped)


def test_names_are_words_in_every_language():
    emoji = read_emoji()
    assert len(emoji) > 1400
    for one in emoji:
        assert set(one.names) == LANGUAGES
        for name in (*one.names.values(), *one.aliases):
            assert name
            assert not set(name) & set(":_\n\t")
            assert name == unicodedata.normalize("NFC", name.strip())


def test_ids_and_english_names_are_unique():
    emoji = read_emoji()
    assert max(Counter(one.id for one in emoji).values()) == 1
    assert max(Counter(one.names["en"].casefold() for one in emoji).values()) == 1


def test_known_names():
    emoji = {one.sequence: one for one in read_emoji()}
    apple = emoji["🍎"]
    assert apple.id == "1F34E"
    assert apple.names["en"] == "red apple"
    assert apple.names["de"] == "roter apfel"
    assert apple.names["zh"] == "红苹果"
    assert apple.aliases == ("apple",)
    assert emoji["👩‍🚒"].id == "1F469-200D-1F692"
    assert emoji["👩‍🚒"].kin == emoji["👨‍🚒"].kin == emoji["🧑‍🚒"].kin
    assert emoji["❤️"].id == "2764"


def test_clean():
    assert clean(":red_apple:") == "red apple"
    assert clean(":n\u0303__x:") == "ñ x"


def test_missing_package_names_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "emoji", None)
    with pytest.raises(UserError, match=r"pip install 'grape-rewrite\[demo\]'"):
        read_emoji()
