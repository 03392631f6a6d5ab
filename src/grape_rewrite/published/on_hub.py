"""Retrieval sets as they lie on a data hub in MTEB's layout, or in a folder of the user's.

Format, read off https://github.com/embeddings-benchmark/mteb: configurations `corpus` (columns `id` or `_id`, and
`title`, `text`, `image` as there are), `queries` (the same) and `qrels` (`query-id`, `corpus-id`, `score`), each with a
language and a dash before it where there are several: `de-corpus`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from grape_rewrite.cache import whole_folder
from grape_rewrite.datasets.beir import Qrels
from grape_rewrite.datasets.corpus import Item
from grape_rewrite.datasets.embedded import is_built
from grape_rewrite.datasets.records import shown
from grape_rewrite.datasets.split import Query
from grape_rewrite.errors import UserError, first_line
from grape_rewrite.hub import looks_like_a_path
from grape_rewrite.published.benchmark import Part, write_parts
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
            whole = {name: Part(list(part.items.values()), part.queries, part.qrels) for name, part in parts.items()}
            write_parts(draft, self.name, key, whole, [language for language in languages if language])
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
        """The splits of a language that have a place here.

        :raises UserError: when two of them have the same.
        """
        from datasets import get_dataset_split_names

        names = self._asked(get_dataset_split_names, self.name, _named(language, "qrels"))
        known = [name for name in names if name in SPLITS]
        if {"dev", "validation"} <= set(known):
            raise UserError(f"{self.name} has a split dev and a split validation; one of them is valid")
        return known

    def _read(self, language: str, split: str, pictures: "_Pictures") -> "_Part":
        """Read one language's part of a split."""
        tables = {kind: self._rows(_named(language, kind), split) for kind in KINDS}
        before = f"{language}." if language else ""
        items = {}
        for row in tables["corpus"]:
            id = self._id(row)
            items[id] = Item(id, _text(row) or None, self._picture(row, pictures))
        judged: Qrels = {}
        for row in tables["qrels"]:
            query, item = (self._value(row, key) for key in ("query-id", "corpus-id"))
            if (score := self._score(row)) > 0:
                judged.setdefault(f"{before}{query}", {})[str(item)] = score
        asked = []
        for row in tables["queries"]:
            id = f"{before}{self._id(row)}"
            if id in judged:
                text = _text(row)
                if not text:
                    raise self._wrong(row, "has no text")
                asked.append(Query(id, text, self._picture(row, pictures), language or None))
        return _Part(items, asked, judged)

    def _id(self, row: dict[str, Any]) -> str:
        id = str(self._value(row, "_id" if row.get("id") is None else "id"))
        if id.split() != [id]:
            raise self._wrong(row, "has an id that is not one word")
        return id

    def _score(self, row: dict[str, Any]) -> int:
        try:
            return int(float(self._value(row, "score")))
        except (TypeError, ValueError):
            raise self._wrong(row, "has a score that is no number") from None

    def _picture(self, row: dict[str, Any], pictures: "_Pictures") -> Path | None:
        """The picture in a row, which must come with it: a path in it could name any file of this machine."""
        cell = row.get("image")
        if not cell:
            return None
        if not cell.get("bytes"):
            raise self._wrong({**row, "image": cell.get("path")}, "names a picture instead of holding it")
        return pictures.take(cell["bytes"])

    def _value(self, row: dict[str, Any], key: str) -> Any:
        if row.get(key) is None:
            raise self._wrong(row, f"has no {key!r}")
        return row[key]

    def _wrong(self, row: dict[str, Any], problem: str) -> UserError:
        seen = {key: value for key, value in row.items() if not isinstance(value, dict)}
        return UserError(f"{self.name}: a row {problem}: {shown(str(seen)[:100])}; {VALID}")

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

    def take(self, content: bytes) -> Path:
        """Write a picture, numbered, and return its place."""
        key = hashlib.sha256(content).hexdigest()
        if key not in self._known:
            self._folder.mkdir(exist_ok=True)
            place = self._folder / f"{len(self._known)}{_suffix(content)}"
            place.write_bytes(content)
            self._known[key] = place
        return self._known[key]


def _suffix(content: bytes) -> str:
    """The usual ending of a picture's file; none for what is no picture, which is found when it is embedded."""
    from PIL import Image

    try:
        with Image.open(BytesIO(content)) as picture:
            return f".{(picture.format or 'image').lower()}"
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return ".image"


def _text(row: dict[str, Any]) -> str:
    """The title, where there is one, and the text, in one line."""
    return " ".join(f"{row.get('title') or ''} {row.get('text') or ''}".split())


def _named(language: str, kind: str) -> str:
    return f"{language}-{kind}" if language else kind


def _joined(read: "dict[tuple[str, str], _Part]") -> dict[str, _Part]:
    """One part for each split, or for each split and language where languages search different items.

    Where an id stands for different items in different parts, as numbers that begin anew do, the part's name is put
    before the ids of all.
    """
    parts: dict[str, _Part] = {}
    for name in dict.fromkeys(SPLITS[there] for _, there in read):
        own = {language: part for (language, there), part in read.items() if SPLITS[there] == name}
        first, *others = own.values()
        if all(other.items == first.items for other in others):
            parts[name] = _merged(own.values())
        else:
            parts |= {f"{name}-{language}": part for language, part in own.items()}
    known: dict[str, Item] = {}
    if all(known.setdefault(id, item) == item for part in parts.values() for id, item in part.items.items()):
        return parts
    return {name: _renamed(part, f"{name}.") for name, part in parts.items()}


def _renamed(part: _Part, before: str) -> _Part:
    items = {f"{before}{id}": replace(item, id=f"{before}{id}") for id, item in part.items.items()}
    qrels = {query: {f"{before}{id}": score for id, score in judged.items()} for query, judged in part.qrels.items()}
    return _Part(items, part.queries, qrels)


def _merged(parts: Iterable[_Part]) -> _Part:
    first, *others = parts
    for part in others:
        first.queries += part.queries
        first.qrels |= part.qrels
    return first
