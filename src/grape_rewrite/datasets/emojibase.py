"""Emoji names in further languages, from a folder of npm's `emojibase-data`."""

import json
from pathlib import Path

from grape_rewrite.errors import UserError


def read_emojibase(folder: Path) -> dict[str, dict[str, str]]:
    """Read the labels of every locale but the English ones.

    :param folder: the unpacked package, with `LOCALE/data.json` for each locale.
    :return: locale -> {emoji without variation selectors: label}, locales sorted.
    :raises UserError: when the folder has no such file, or a file is not what the package brings.
    """
    files = sorted(folder.glob("*/data.json"))
    if not files:
        raise UserError(
            f"{folder} has no LOCALE/data.json; give the unpacked folder of npm's emojibase-data "
            "(npm pack emojibase-data)"
        )
    return {file.parent.name: _labels(file) for file in files if file.parent.name.split("-")[0] != "en"}


def _labels(file: Path) -> dict[str, str]:
    try:
        records = json.loads(file.read_text(encoding="utf-8"))
        return {
            "".join(chr(int(code, 16)) for code in record["hexcode"].split("-") if code != "FE0F"): record["label"]
            for record in records
            if record["label"].strip()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise UserError(
            f"{file} cannot be read as emojibase data ({type(error).__name__}: {error}); "
            'it must be a list of records with "hexcode" and "label"'
        ) from error
