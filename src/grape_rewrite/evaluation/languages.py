"""English names of languages by their tags, for headings a reader understands."""

import re

NAMES = {
    "am": "Amharic",
    "ar": "Arabic",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "fa": "Persian",
    "fi": "Finnish",
    "fil": "Filipino",
    "fr": "French",
    "ha": "Hausa",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "mi": "Maori",
    "ms": "Malay",
    "nb": "Norwegian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "quz": "Quechua",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sr": "Serbian",
    "sv": "Swedish",
    "sw": "Swahili",
    "ta": "Tamil",
    "te": "Telugu",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "und": "Language not given",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "yo": "Yoruba",
    "zh": "Chinese",
}
_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def language_name(tag: str) -> str:
    """Return the English name of a BCP 47 tag, with the tag where it says more; an unknown tag as it is.

    >>> language_name("de"), language_name("zh-Hant"), language_name("xx")
    ('German', 'Chinese (zh-Hant)', 'xx')
    """
    if tag in NAMES:
        return NAMES[tag]
    name = NAMES.get(re.split("[-_]", tag)[0].lower())
    return f"{name} ({tag})" if name else tag


def valid_tag(tag: str | None) -> str | None:
    """Return the tag when it has the form of a BCP 47 tag, so that it may stand in a `lang` attribute, else None."""
    return tag if tag and _TAG.fullmatch(tag) else None
