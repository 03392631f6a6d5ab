"""Retrieval sets as they lie on a data hub in MTEB's layout, or in a folder of the user's.

Format, read off https://github.com/embeddings-benchmark/mteb: configurations `corpus` (columns `id`, and `text`,
`image` or both), `queries` (the same) and `qrels` (`query-id`, `corpus-id`, `score`), each with a language and a dash
before it where there are several: `de-corpus`. XM3600, WIT, XFlickr&CO and CIRR are there so.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from grape_rewrite.cache import whole_folder
from grape_rewrite.datasets.beir import Qrels, write_dataset
from grape_rewrite.datasets.corpus import Item
from grape_rewrite.datasets.dataset import Dataset
from grape_rewrite.datasets.embedded import describe, is_built
from grape_rewrite.datasets.records import shown
from grape_rewrite.datasets.split import Query
from grape_rewrite.errors import UserError, first_line
from grape_rewrite.hub import looks_like_a_path
from grape_rewrite.quiet import quiet

KINDS = ("corpus", "queries", "qrels")
SPLITS = {"train": "train", "dev": "dev", "validation": "dev", "test": "test"}
"""Splits there -> here."""
VALID = "valid is a set in MTEB's layout, such as mteb/XM3600T2IRetrieval or a folder of parquet files"


@dataclass(frozen=True)
class HubSet:
    """A set on the hub.

    :param name: on the hub, or a folder.
    :param languages: those to take; all by default.
    """

    name: str
    languages: Sequence[str] = ()

    def prepare(self, out: Path) -> Path:
        """Write the data set, unless it is there already.

        Languages that search the same items are one split; else each is one, `test-de`, which searches its own.

        :param out: where to; a new or empty folder.
        :return: `out`.
        :raises UserError: when there is no such set, it has another layout, or `out` holds something else.
        """
        key = ",".join(self.languages) or "all"
        if is_built(out, self.name, key):
            return out
        languages = self._languages()
        with whole_folder(out) as draft:
            pictures = _Pictures(draft)
            read = {
                (language, there): self._read(language, there, pictures)
                for language in languages
                for there in self._splits(language)
            }
            parts = _joined(read)
            if not parts:
                raise UserError(f"{self.name} has none of the splits {', '.join(SPLITS)}; {VALID}")
            items = {item.id: item for part in parts.values() for item in part.items.values()}
            write_dataset(
                draft,
                items.values(),
                (query for part in parts.values() for query in part.queries),
                {name: part.qrels for name, part in parts.items()},
                {name: part.items for name, part in parts.items()},
            )
            written = Dataset.load(draft)
            for split in written.splits:
                written.split(split)
            kinds = (name for name, part in parts.items() for _ in part.items)
            qrels = {name: part.qrels for name, part in parts.items()}
            describe(draft, self.name, key, {}, kinds, qrels, [language for language in languages if language])
        return out

    def _languages(self) -> list[str]:
        """The languages to take, one without a name where the set has but one.

        :raises UserError: when the set cannot be had, has another layout, or not all of the languages.
        """
        from datasets import get_dataset_config_names

        configurations = set(self._asked(get_dataset_config_names, self.name))
        named = [name.removesuffix("queries").removesuffix("-") for name in configurations if name.endswith("queries")]
        whole = sorted(name for name in named if configurations >= {_named(name, kind) for kind in KINDS})
        if not whole:
            raise UserError(f"{self.name} has no corpus, queries and qrels; {VALID}")
        unknown = next((language for language in self.languages if language not in whole), None)
        if unknown is not None:
            raise UserError(
                f"{self.name} has no language {unknown!r}; it has {', '.join(filter(None, whole)) or 'one'}"
            )
        return list(self.languages) or whole

    def _splits(self, language: str) -> list[str]:
        from datasets import get_dataset_split_names

        names = self._asked(get_dataset_split_names, self.name, _named(language, "qrels"))
        return [name for name in names if name in SPLITS]

    def _read(self, language: str, split: str, pictures: "_Pictures") -> "_Part":
        """Read one language's part of a split."""
        corpus, queries, qrels = (self._rows(_named(language, kind), split) for kind in KINDS)
        before = f"{language}." if language else ""
        items = {item.id: item for item in (_item(row, pictures) for row in corpus)}
        judged: Qrels = {}
        for row in qrels:
            query, item, score = (_value(row, key) for key in ("query-id", "corpus-id", "score"))
            if int(score) > 0:
                judged.setdefault(f"{before}{query}", {})[str(item)] = int(score)
        asked = []
        for row in queries:
            id = f"{before}{_value(row, 'id')}"
            if id in judged:
                text = " ".join(str(_value(row, "text")).split())
                asked.append(Query(id, text, pictures.take(row.get("image")), language or None))
        return _Part(items, asked, judged)

    def _rows(self, configuration: str, split: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table, pictures as they were stored; nothing is kept on the disk beside the data set."""
        from datasets import Image, load_dataset

        def read() -> Iterator[dict[str, Any]]:
            table = load_dataset(self.name, configuration, split=split, streaming=True)
            if "image" in (table.column_names or []):
                table = table.cast_column("image", Image(decode=False))
            yield from table

        rows = self._asked(read)
        while (row := self._asked(next, rows, None)) is not None:
            yield row

    def _asked(self, function: Any, *arguments: Any) -> Any:
        """Ask the library, and say in one line what is wrong."""
        if looks_like_a_path(self.name) and not Path(self.name).is_dir():
            raise UserError(f"there is no folder {self.name}; {VALID}")
        try:
            with quiet():
                return function(*arguments)
        except Exception as error:  # of many libraries: HTTP, parquet, the hub's own
            raise UserError(f"cannot read {self.name}: {first_line(error)}; {VALID}") from error


@dataclass
class _Part:
    items: dict[str, Item]
    queries: list[Query]
    qrels: Qrels


class _Pictures:
    """The pictures of a data set, each written once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "images"
        self._known: dict[str, Path] = {}

    def take(self, cell: Any) -> Path | None:
        """Write the picture in a cell of a table, numbered, and return its place; None for an empty cell."""
        content = (cell or {}).get("bytes") or (Path(cell["path"]).read_bytes() if cell and cell.get("path") else None)
        if not content:
            return None
        key = hashlib.sha256(content).hexdigest()
        if key not in self._known:
            self._folder.mkdir(exist_ok=True)
            place = self._folder / f"{len(self._known)}{_suffix(content)}"
            place.write_bytes(content)
            self._known[key] = place
        return self._known[key]


def _suffix(content: bytes) -> str:
    """The usual ending of a picture's file; none for what is no picture, which is found when it is embedded."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(content)) as picture:
            return f".{(picture.format or 'image').lower()}"
    except (UnidentifiedImageError, OSError):
        return ".image"


def _item(row: dict[str, Any], pictures: _Pictures) -> Item:
    text = row.get("text")
    return Item(
        str(_value(row, "id")), " ".join(text.split()) or None if text else None, pictures.take(row.get("image"))
    )


def _value(row: dict[str, Any], key: str) -> Any:
    if row.get(key) is None:
        raise UserError(f"a row of the set has no {key!r}: {shown(str(row)[:100])}; {VALID}")
    return row[key]


def _named(language: str, kind: str) -> str:
    return f"{language}-{kind}" if language else kind


def _joined(read: "dict[tuple[str, str], _Part]") -> dict[str, _Part]:
    """One part for each split, or for each split and language where languages search different items."""
    parts: dict[str, _Part] = {}
    for name in dict.fromkeys(SPLITS[there] for _, there in read):
        own = {language: part for (language, there), part in read.items() if SPLITS[there] == name}
        if len({frozenset(part.items) for part in own.values()}) == 1:
            parts[name] = _merged(own.values())
        else:
            parts |= {f"{name}-{language}": part for language, part in own.items()}
    return parts


def _merged(parts: Iterable[_Part]) -> _Part:
    first, *others = parts
    for part in others:
        first.queries += part.queries
        first.qrels |= part.qrels
    return first
