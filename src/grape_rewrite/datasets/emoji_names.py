"""Which emoji the embedded data set holds, and what people call them, from the package `emoji`."""

import re
import unicodedata
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from grape_rewrite.errors import UserError

MISSING = "the emoji names need the package emoji: pip install 'grape-rewrite[demo]'"
JOINER = "\u200d"
SKIN_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")
FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}|\U0001f3f4[\U000e0061-\U000e007a0-9]*\U000e007f")
GENDERED = re.compile(f"{JOINER}[\u2640\u2642]")
MIRRORED = re.compile(f"{JOINER}\u27a1")
ADULT = re.compile("[\U0001f468\U0001f469]")  # man, woman
PERSON = re.compile("[\U0001f466-\U0001f469\U0001f9d1\U0001f9d2]")  # boy, girl, man, woman, person, child
NEUTRAL_ADULT = "\U0001f9d1"


@dataclass(frozen=True)
class Emoji:
    """One emoji with its names: language -> name, and further English ones."""

    sequence: str
    names: dict[str, str]
    aliases: tuple[str, ...]

    @property
    def id(self) -> str:
        """The code points in hexadecimal without variation selectors, such as `1F469-200D-1F692`."""
        return "-".join(f"{ord(character):04X}" for character in self.plain)

    @property
    def plain(self) -> str:
        """The sequence without variation selectors."""
        return self.sequence.replace("\ufe0f", "")

    @property
    def kin(self) -> str:
        """What man, woman and person in the same role share; they belong into the same part of the data."""
        return ADULT.sub(NEUTRAL_ADULT, self.plain)


def wanted(sequence: str) -> bool:
    """Return whether an emoji is a drawing of its own, with a name that can be seen in it.

    Left out, in the terms of Unicode's UTS #51:
    - skin tones;
    - flags of countries and regions: they are called by a proper name ("Chad"), which no frozen retriever can see in a
      flag that its head was never fitted on, and which a rewriter cannot improve. They would be one query in seven;
    - gendered sequences (a person and a female or male sign, "woman bowing") and families and couples spelt out by
      gender: variants of a drawing that is kept. Roles (person, man and woman firefighter) are kept;
    - mirrored drawings ("facing right").
    """
    if SKIN_TONE.search(sequence) or FLAG.fullmatch(sequence):
        return False
    if GENDERED.search(sequence) or MIRRORED.search(sequence):
        return False
    return not (JOINER in sequence and ADULT.search(sequence) and len(PERSON.findall(sequence)) > 1)


def emoji_version() -> str:
    """Return the version of the package `emoji`.

    :raises UserError: when it is not installed.
    """
    try:
        return version("emoji")
    except PackageNotFoundError as error:
        raise UserError(MISSING) from error


def read_emoji() -> list[Emoji]:
    """Return the wanted emoji, in the order of their code points.

    :raises UserError: when the package `emoji` is not installed.
    """
    try:
        import emoji
    except ImportError as error:
        raise UserError(MISSING) from error
    emoji.config.load_language()  # all languages
    qualified = emoji.STATUS["fully_qualified"]
    found = []
    for sequence, data in sorted(emoji.EMOJI_DATA.items()):
        if data["status"] == qualified and wanted(sequence):
            names = {language: clean(data[language]) for language in emoji.LANGUAGES if language in data}
            aliases = {clean(alias): None for alias in data.get("alias", [])}
            known = names["en"].casefold()
            found.append(Emoji(sequence, names, tuple(alias for alias in aliases if alias.casefold() != known)))
    return found


def clean(name: str) -> str:
    """Turn a name such as `:red_apple:` into words, in Unicode's composed form."""
    return unicodedata.normalize("NFC", " ".join(name.strip(":").replace("_", " ").split()))
