"""Captioned pictures that a retriever's head is fitted on; they are never searched."""

from dataclasses import dataclass
from pathlib import Path

from grape_rewrite.datasets.records import read_records
from grape_rewrite.errors import UserError


@dataclass(frozen=True)
class HeadItem:
    """A picture with its English name, and further English names that people use for it."""

    id: str
    text: str
    aliases: tuple[str, ...]
    image: Path


def read_head(folder: Path) -> list[HeadItem]:
    """Read `head/items.jsonl` of a data set; its image paths are relative to `head/`.

    :param folder: the data set's folder.
    :raises UserError: for a missing file, and for every record that is not valid, with its line.
    """
    file = folder / "head" / "items.jsonl"
    if not file.is_file():
        raise UserError(
            f"{folder} has no head/items.jsonl; only a data set such as 'emoji' brings pictures to fit a head on"
        )
    items = []
    for record in read_records(file):
        text, image, aliases = record.text(), record.image(), record.fields.get("aliases", [])
        if text is None or image is None:
            raise record.error('it lacks a "text" or an "image"; both are needed to fit a head')
        if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
            raise record.error('"aliases" must be a list of strings')
        items.append(HeadItem(record.id(), text, tuple(aliases), image))
    return items
