"""A change to a picture, in words: one thing goes, another comes, and what stays is not said."""

from grape_rewrite.datasets.embedded import fraction

# Wordings that need no article and no case, so that names fit in as they are.
WORDINGS = {
    "de": (
        "{new} statt {old}",
        "nicht {old}, sondern {new}",
        "dasselbe, aber {new} statt {old}",
        "{old} weg, dafür {new}",
    ),
    "en": (
        "{new} instead of {old}",
        "the same, but with {new} in place of {old}",
        "replace {old} by {new}",
        "not {old} but {new}",
        "take away {old} and add {new}",
        "{old} should become {new}",
    ),
    "es": ("{new} en vez de {old}", "no {old}, sino {new}", "quita {old} y pon {new}", "lo mismo con {new}, sin {old}"),
    "fr": (
        "pas {old}, mais {new}",
        "remplacer {old} par {new}",
        "{old} devient {new}",
        "pareil avec {new}, sans {old}",
    ),
    "id": (
        "{new} sebagai ganti {old}",
        "bukan {old}, tetapi {new}",
        "ganti {old} dengan {new}",
        "gambar yang sama dengan {new}, bukan {old}",
    ),
    "ja": ("{old}を{new}に変えて", "{old}ではなく{new}", "同じ絵で、{old}の代わりに{new}", "{old}をやめて{new}にして"),
    "zh": ("把{old}换成{new}", "不要{old}，要{new}", "一样的图，但用{new}代替{old}", "{old}改为{new}"),
}


def language_of(key: str) -> str:
    """Return the language that a change is told in, drawn by chance from its key."""
    languages = sorted(WORDINGS)
    return languages[int(fraction(f"language {key}") * len(languages))]


def change(old: str, new: str, language: str, key: str) -> str:
    """Say that one thing is to take the place of another, in a wording drawn by chance from a key.

    >>> change("Apfel", "Birne", "de", "an example")
    'nicht Apfel, sondern Birne'

    :param old: the name of what goes.
    :param new: the name of what comes.
    :param language: of the names.
    :raises KeyError: for a language that is not in `WORDINGS`.
    """
    wordings = WORDINGS[language]
    return wordings[int(fraction(f"wording {key}") * len(wordings))].format(old=old, new=new)
