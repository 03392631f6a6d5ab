"""Retrieval sets as they lie on a data hub in MTEB's layout, or in a folder of the user's."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from rich.progress import Progress, TextColumn, TimeElapsedColumn

from grape_rewrite.cache import whole_folder
from grape_rewrite.datasets.beir import Qrels, require_pictures
from grape_rewrite.datasets.corpus import Item
from grape_rewrite.datasets.embedded import is_built
from grape_rewrite.datasets.records import shown
from grape_rewrite.datasets.split import Query
from grape_rewrite.errors import UserError
from grape_rewrite.published.benchmark import write_parts
from grape_rewrite.published.counts import Counts, compare
from grape_rewrite.published.flickr30k import FLICKR30K
from grape_rewrite.published.hub_tables import SPLITS, VALID, HubTables
from grape_rewrite.published.part import Part
from grape_rewrite.published.xm3600 import XM3600
from grape_rewrite.retrievers.images import UnreadableImage, open_image

PUBLISHED: Mapping[str, Mapping[str, Counts]] = {
    "XM3600T2IRetrieval": XM3600.counts,
    "Flickr30kT2IRetrieval": FLICKR30K.counts,
    "mbeir_cirr_task7": {"test": Counts(21_551, 4_170)},
}
"""What a set is called on the hub -> how large its splits are.

Two are copies of published benchmarks. M-BEIR's CIRR asks most queries of CIRR's val among the pictures of all splits;
its counts are those of MTEB's own statistics.
"""
LAYOUT = "1"  # raised when what is written changes
COUNTED = (TextColumn("{task.description}"), TextColumn("{task.completed}"), TimeElapsedColumn())


@dataclass(frozen=True)
class HubSet:
    """A set on the hub.

    :param name: on the hub, or a folder.
    :param languages: those to take; all by default.
    :param partial: accept other counts than the published ones, where it is a copy of a published benchmark.
    """

    name: str
    languages: Sequence[str] = ()
    partial: bool = False

    def prepare(self, out: Path, progress: bool = False) -> Path:
        """Write the data set, unless it is there already, made from the same state of the set.

        Languages that search the same items are one split; else each is one, `test-de`, which searches its own.

        :param out: where to; a new or empty folder.
        :param progress: show how many pictures have been read.
        :return: `out`.
        :raises UserError: when there is no such set, it has another layout or is not as published, a picture cannot be
            read, or `out` holds something else.
        """
        key = f"{','.join(self.languages) or 'all'}{'-partial' if self.partial else ''}-{LAYOUT}"
        tables = HubTables(self.name)
        made_from = tables.fingerprint()
        # Once it is there, the hub may be out of reach and the folder gone.
        if is_built(out, self.name, key, made_from):
            return out
        configurations = tables.configurations(self.languages)
        with whole_folder(out) as draft:
            with Progress(*COUNTED, transient=True, disable=not progress) as bar:
                task = bar.add_task("Reading pictures", total=None)  # how many there are is known at the end
                reader = _Reader(tables, _Pictures(draft, lambda: bar.advance(task)))
                parts = _joined(
                    {
                        (language, here): reader.part(language, own, there)
                        for language, own in configurations.items()
                        for there, here in tables.splits(own["qrels"]).items()
                    }
                )
            if not parts:
                raise UserError(f"{self.name} has none of the splits {', '.join(SPLITS)}; {VALID}")
            whole = {name: Part(list(part.items.values()), part.queries, part.qrels) for name, part in parts.items()}
            if not self.languages:
                _compare(self.name, whole, self.partial)
            write_parts(draft, self.name, key, whole, filter(None, configurations), made_from)
        return out


class _Reader:
    """Rows become items, queries and judgements; whatever is wrong with one is said in one line."""

    def __init__(self, tables: HubTables, pictures: "_Pictures") -> None:
        self._tables = tables
        self._pictures = pictures
        self._corpora: dict[tuple[str, str], dict[str, Item]] = {}

    def part(self, language: str, configurations: dict[str, str], split: str) -> "_Part":
        """Read one language's part of a split."""
        before = f"{language}." if language else ""
        judged = self._judged(configurations["qrels"], split, before)
        corpus, queries = (
            (configurations[kind], self._tables.split_of(configurations[kind], split)) for kind in ("corpus", "queries")
        )
        if corpus not in self._corpora:  # often one for all splits
            self._corpora[corpus] = self._items(*corpus)
        items = self._corpora[corpus]
        pictured = {item.image for item in items.values()}
        asked: dict[str, Query] = {}
        for row in self._tables.rows(*queries):
            id = f"{before}{self._id(row)}"
            if id not in judged:
                continue
            query = Query(id, _text(row), self._picture(row), language or None)
            if not query.text:
                raise self._wrong(row, "has no text")
            if query.image and query.image not in pictured:
                raise self._wrong(row, "asks with a picture that no item of the corpus has")
            if asked.setdefault(id, query) != query:
                raise self._wrong(row, "has the id of another query")
        require_pictures(asked.values(), self._tables.name)
        self._require(judged, configurations["queries"], asked)
        self._require((id for relevant in judged.values() for id in relevant), configurations["corpus"], items)
        return _Part(dict(items), list(asked.values()), judged)

    def _items(self, configuration: str, split: str) -> dict[str, Item]:
        """Read a corpus."""
        items: dict[str, Item] = {}
        for row in self._tables.rows(configuration, split):
            item = Item(self._id(row), _text(row) or None, self._picture(row))
            if items.setdefault(item.id, item) != item:
                raise self._wrong(row, "has the id of another item")
        return items

    def _judged(self, configuration: str, split: str, before: str) -> Qrels:
        """Read judgements, with this before the ids of the queries; what scores 0 is no answer."""
        judged: Qrels = {}
        for row in self._tables.rows(configuration, split):
            query, item = (self._value(row, key) for key in ("query-id", "corpus-id"))
            if (score := self._score(row)) > 0:
                judged.setdefault(f"{before}{query}", {})[str(item)] = score
        return judged

    def _require(self, judged: Iterable[str], configuration: str, there: Mapping[str, object]) -> None:
        """Require that what the judgements name is there."""
        unknown = next((id for id in judged if id not in there), None)
        if unknown is not None:
            raise UserError(
                f"{self._tables.name}: its judgements name {shown(unknown)}, which is not in {configuration!r}; {VALID}"
            )

    def _id(self, row: dict[str, Any]) -> str:
        id = str(self._value(row, "_id" if row.get("id") is None else "id"))
        if id.split() != [id]:
            raise self._wrong(row, "has an id that is not one word")
        return id

    def _score(self, row: dict[str, Any]) -> int:
        try:
            score = float(self._value(row, "score"))
        except (TypeError, ValueError):
            raise self._wrong(row, "has a score that is no number") from None
        if not score.is_integer():
            raise self._wrong(row, "has a score that is no whole number")
        return int(score)

    def _picture(self, row: dict[str, Any]) -> Path | None:
        """The picture in a row, which must come with it: a path in it could name any file of this machine."""
        cell = row.get("image")
        if not cell:
            return None
        if not cell.get("bytes"):
            raise self._wrong({**row, "image": cell.get("path")}, "names a picture instead of holding it")
        try:
            return self._pictures.take(cell["bytes"])
        except UnreadableImage as error:
            raise self._wrong(row, f"has a picture that is not readable ({error.reason})") from error

    def _value(self, row: dict[str, Any], key: str) -> Any:
        if row.get(key) is None:
            raise self._wrong(row, f"has no {key!r}")
        return row[key]

    def _wrong(self, row: dict[str, Any], problem: str) -> UserError:
        seen = {key: value for key, value in row.items() if not isinstance(value, dict)}
        return UserError(f"{self._tables.name}: a row {problem}: {shown(str(seen)[:100])}; {VALID}")


@dataclass
class _Part:
    items: dict[str, Item]
    queries: list[Query]
    qrels: Qrels


class _Pictures:
    """The pictures of a data set, each written once."""

    def __init__(self, folder: Path, progress: Callable[[], None]) -> None:
        self._folder = folder / "images"
        self._progress = progress
        self._known: dict[str, Path] = {}

    def take(self, content: bytes) -> Path:
        """Write a picture, numbered, and return its place.

        :raises UnreadableImage: when it cannot be decoded to its end.
        """
        key = hashlib.sha256(content).hexdigest()
        if key not in self._known:
            self._folder.mkdir(exist_ok=True)
            place = self._folder / str(len(self._known))
            place.write_bytes(content)
            open_image(place)
            self._known[key] = place.rename(place.with_suffix(_suffix(place)))
            self._progress()
        return self._known[key]


def _suffix(file: Path) -> str:
    """The usual ending of a picture's file."""
    from PIL import Image

    with Image.open(file) as picture:
        return f".{(picture.format or 'image').lower()}"


def _text(row: dict[str, Any]) -> str:
    """The title, where there is one, and the text, in one line."""
    return " ".join(f"{row.get('title') or ''} {row.get('text') or ''}".split())


def _compare(name: str, parts: Mapping[str, Part], partial: bool) -> None:
    """Compare a copy of a published benchmark with the published counts.

    :param name: of the set; one that is no such copy is not compared.
    :raises UserError: when it is not as published, unless a part is accepted.
    """
    published = PUBLISHED.get(PurePath(name).name, {})
    splits = {}
    for split in {part.partition("-")[0] for part in parts}:
        own = [part for name, part in parts.items() if name.partition("-")[0] == split]
        # Each language has all items, under ids of its own; one that has not is what is compared.
        wanted = published[split].items if split in published else 0
        items = next((part.items for part in own if len(part.items) != wanted), own[0].items)
        splits[split] = Part(items, [query for part in own for query in part.queries])
    there = {split: counts for split, counts in published.items() if set(split.split("+")) & set(splits)}
    compare(name, there, splits, partial)


def _joined(read: "dict[tuple[str, str], _Part]") -> dict[str, _Part]:
    """One part for each split, or for each split and language where languages search different items.

    Where an id stands for different items in different parts, as numbers that begin anew do, the part's name is put
    before the ids of all.
    """
    parts: dict[str, _Part] = {}
    for name in dict.fromkeys(split for _, split in read):
        own = {language: part for (language, split), part in read.items() if split == name}
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
