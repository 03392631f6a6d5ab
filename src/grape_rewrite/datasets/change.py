"""A change to a picture, in words: one thing goes, another comes, and what stays is not said."""

from grape_rewrite.datasets.embedded import fraction

# Wordings that need no article and no case, so that names fit in as they are; no split has one of another's.
WORDINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "train": {
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
        "es": (
            "{new} en vez de {old}",
            "no {old}, sino {new}",
            "quita {old} y pon {new}",
            "lo mismo con {new}, sin {old}",
        ),
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
        "ja": (
            "{old}を{new}に変えて",
            "{old}ではなく{new}",
            "同じ絵で、{old}の代わりに{new}",
            "{old}をやめて{new}にして",
        ),
        "zh": ("把{old}换成{new}", "不要{old}，要{new}", "一样的图，但用{new}代替{old}", "{old}改为{new}"),
    },
    "dev": {
        "de": ("{new} an der Stelle von {old}", "aus {old} wird {new}"),
        "en": ("{new} rather than {old}", "swap {old} for {new}"),
        "es": ("{new} en lugar de {old}", "cambia {old} por {new}"),
        "fr": ("{new} à la place de {old}", "échanger {old} contre {new}"),
        "id": ("{new} menggantikan {old}", "tukar {old} dengan {new}"),
        "ja": ("{old}を{new}と交換して", "{old}はなしで、{new}を"),
        "zh": ("用{new}替换{old}", "去掉{old}，加上{new}"),
    },
    "test": {
        "de": (
            "tausche {old} gegen {new}",
            "ohne {old}, stattdessen {new}",
            "wo {old} ist, möchte ich {new}",
        ),
        "en": (
            "drop {old}, I want {new}",
            "where {old} is, put {new}",
            "no {old} this time: {new}",
            "let {new} stand in for {old}",
        ),
        "es": ("sin {old}, mejor {new}", "donde está {old}, que esté {new}", "sustituye {old} por {new}"),
        "fr": ("sans {old}, plutôt {new}", "enlève {old} et mets {new}", "au lieu de {old}, {new}"),
        "id": ("tanpa {old}, lebih baik {new}", "hapus {old}, tambahkan {new}", "{old} menjadi {new}"),
        "ja": ("{old}を消して{new}を描いて", "{old}でなく{new}がいい", "{old}のところに{new}を"),
        "zh": ("没有{old}，改成{new}", "{old}的位置放{new}", "我想要{new}，不是{old}"),
    },
}
LANGUAGES = sorted(WORDINGS["train"])


def language_of(key: str) -> str:
    """Return the language that a change is told in, drawn by chance from its key."""
    return LANGUAGES[int(fraction(f"language {key}") * len(LANGUAGES))]


def change(old: str, new: str, split: str, language: str, key: str) -> str:
    """Say that one thing is to take the place of another, in a wording of a split drawn by chance from a key.

    >>> change("Apfel", "Birne", "train", "de", "an example")
    'nicht Apfel, sondern Birne'

    :param old: the name of what goes.
    :param new: the name of what comes.
    :param language: of the names.
    :raises KeyError: for a split or a language that is not in `WORDINGS`.
    """
    wordings = WORDINGS[split][language]
    return wordings[int(fraction(f"wording {key}") * len(wordings))].format(old=old, new=new)
