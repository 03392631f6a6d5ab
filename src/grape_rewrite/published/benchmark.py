"""A published benchmark: what its official files hold, and how they become a data set in the BEIR layout."""

import filecmp
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from grape_rewrite.cache import whole_folder
from grape_rewrite.datasets.beir import Qrels, write_dataset
from grape_rewrite.datasets.corpus import Item
from grape_rewrite.datasets.dataset import Dataset
from grape_rewrite.datasets.embedded import describe, is_built
from grape_rewrite.datasets.records import shown
from grape_rewrite.datasets.split import Query
from grape_rewrite.errors import UserError
from grape_rewrite.published.source import Source

LAYOUT = "2"  # raised when what is written changes
PLAIN = re.compile(r"(?!\.)[^\s/\\\0]{1,200}")


class Counts(NamedTuple):
    """How large a split is, as published."""

    items: int
    queries: int


@dataclass
class Part:
    """What one split searches, and what is asked of it; without judgements where a server keeps the answers."""

    items: list[Item] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)
    qrels: Qrels = field(default_factory=dict)

    def ask(self, query: Query, wanted: str | None = None) -> None:
        """Add a query that one item answers; none is given where a server keeps the answers."""
        self.queries.append(query)
        if wanted is not None:
            self.qrels[query.id] = {wanted: 1}


class Pictures:
    """The folder that the pictures of a data set are put into; a picture of two splits is there once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()

    def take(self, id: str, file: Path) -> Path:
        """Return a picture's place: a link to the user's own file where both are on one disk, so that it is not copied.

        :param id: of the item; a plain name.
        :raises UserError: when another picture has that id.
        """
        place = self._place(id, file.suffix.lower())
        if place.exists():
            if not place.samefile(file) and not filecmp.cmp(place, file, shallow=False):
                raise UserError(f"{file}: there is another picture with the id {id!r}; ids must be unique")
            return place
        try:
            os.link(file.resolve(), place)
        except OSError:
            shutil.copyfile(file, place)
        return place

    def write(self, id: str, content: bytes, origin: str, suffix: str = ".jpg") -> Path:
        """Write a picture that came within another file, and return its place.

        :param origin: the file and the line, for the message.
        :raises UserError: when another picture has that id.
        """
        place = self._place(id, suffix)
        if place.exists() and place.read_bytes() != content:
            raise UserError(f"{origin}: there are two pictures with the id {id!r}; ids must be unique")
        place.write_bytes(content)
        return place

    def _place(self, id: str, suffix: str) -> Path:
        if not PLAIN.fullmatch(id):
            raise UserError(f"picture {shown(id)} has a name that is no plain word of at most 200 characters")
        return self._folder / f"{id}{suffix}"


@dataclass(frozen=True)
class Benchmark:
    """A published benchmark.

    :param name: what it is called on the command line.
    :param holds: in a few words, what it is.
    :param page: where its files are to be had.
    :param files: what must lie in the folder that the user names, as shown in `--help`.
    :param licence: of texts and pictures.
    :param size: of the download.
    :param counts: split -> published counts; `train+dev` where dev is cut off the published training part.
    :param languages: of its queries.
    :param read: from the user's files to the splits.
    :param optional: splits that need not be there.
    """

    name: str
    holds: str
    page: str
    files: Sequence[str]
    licence: str
    size: str
    counts: Mapping[str, Counts]
    languages: Sequence[str]
    read: Callable[[Source, Pictures], dict[str, Part]]
    optional: Sequence[str] = ()

    @property
    def help(self) -> str:
        """What a user needs to know, for `--help`."""
        return (
            f"{self.holds}\n\nGet the files from {self.page} ({self.size}; {self.licence}). "
            f"The folder holds {'; '.join(self.files)}.\n\n"
            f"Example: [bold]grape data {self.name} --source downloads/{self.name} --out data/{self.name}[/bold]"
        )

    def prepare(self, source: Path, out: Path, partial: bool = False) -> Path:
        """Write the data set, unless it is there already.

        :param source: the folder with the official files.
        :param out: where to; a new or empty folder.
        :param partial: accept other counts than the published ones, and pictures that are not there, whose queries are
            left out.
        :return: `out`.
        :raises UserError: for a file that is missing, with where to get it; for what is not as published; and when
            `out` holds something else.
        """
        key = f"{LAYOUT}{'-partial' if partial else ''}"
        if is_built(out, self.name, key):
            return out
        files = Source(source, self.name, self.page, self.files, partial)
        with whole_folder(out) as draft:
            parts = {name: part for name, part in self.read(files, Pictures(draft / "images")).items() if part.queries}
            if not parts:
                raise UserError(f"{source} holds nothing of {self.name}: no query has its picture there")
            if not partial:
                self._require_counts(parts)
            (draft / "LICENSE.md").write_text(f"# {self.name}\n\n{self.licence}. From {self.page}.\n", encoding="utf-8")
            write_parts(draft, self.name, key, parts, self.languages)
        return out

    def _require_counts(self, parts: Mapping[str, Part]) -> None:
        for name, published in self.counts.items():
            if name in self.optional and name not in parts:
                continue
            those = [parts[one] for one in name.split("+") if one in parts]
            items = {item.id for part in those for item in part.items}
            found = Counts(len(items), sum(len(part.queries) for part in those))
            if found != published:
                raise UserError(
                    f"{self.name}, split {name}: {found.items:,} items and {found.queries:,} queries were found, "
                    f"{published.items:,} and {published.queries:,} are published; --partial accepts what is there"
                )


def write_parts(draft: Path, name: str, key: str, parts: Mapping[str, Part], languages: Iterable[str]) -> None:
    """Write splits as a data set, read it again, and describe it.

    :param draft: a folder that has their pictures.
    :param name: of the data set.
    :param key: of recipe and versions.
    :param parts: split -> what it searches and what is asked of it.
    :param languages: of the queries.
    :raises UserError: for what cannot be read again, with the name of what is wrong.
    """
    items = {item.id: item for part in parts.values() for item in part.items}
    qrels = {split: part.qrels for split, part in parts.items() if part.qrels}
    unjudged = {split: [query.id for query in part.queries] for split, part in parts.items() if not part.qrels}
    write_dataset(
        draft,
        items.values(),
        (query for part in parts.values() for query in part.queries),
        qrels,
        {split: [item.id for item in part.items] for split, part in parts.items()},
        unjudged,
    )
    written = Dataset.load(draft)
    for split in written.splits:
        written.split(split)
    for split in unjudged:
        written.unjudged(split)
    kinds = (split for split, part in parts.items() for _ in part.items)
    describe(draft, name, key, {}, kinds, qrels, languages)


def without_missing(part: Part) -> Part:
    """Return a part without those queries whose item is not there."""
    there = {item.id for item in part.items}
    kept = [query for query in part.queries if all(id in there for id in part.qrels[query.id])]
    return Part(part.items, kept, {query.id: part.qrels[query.id] for query in kept})


def texts_of(part: Part, wanted: str, texts: Iterable[str], language: str) -> None:
    """Let each of several texts of a picture ask for it; an empty one asks for nothing."""
    for number, text in enumerate(texts):
        if text.strip():
            part.ask(Query(f"{wanted}.{language}.{number}", " ".join(text.split()), language=language), wanted)
