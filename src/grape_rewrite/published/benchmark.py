"""A published benchmark: what its official files hold, and how they become a data set in the BEIR layout."""

import filecmp
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from grape_rewrite.cache import whole_folder
from grape_rewrite.datasets.beir import write_dataset
from grape_rewrite.datasets.dataset import Dataset
from grape_rewrite.datasets.embedded import describe, is_built
from grape_rewrite.datasets.records import shown
from grape_rewrite.errors import UserError
from grape_rewrite.published.counts import Counts, compare
from grape_rewrite.published.part import Part
from grape_rewrite.published.source import Source
from grape_rewrite.retrievers.images import UnreadableImage, open_image

logger = logging.getLogger(__name__)

LAYOUT = "2"  # raised when what is written changes
PLAIN = re.compile(r"(?!\.)[^\s/\\\0]{1,200}")


class Pictures:
    """The folder that the pictures of a data set are put into; a picture of two splits is there once.

    :param folder: the folder, which is made.
    :param partial: whether a picture that cannot be read is left out, as one that is not there is.
    :param progress: called after each picture.
    """

    def __init__(self, folder: Path, partial: bool, progress: Callable[[], None]) -> None:
        self._folder = folder
        self._partial = partial
        self._progress = progress
        self._taken: dict[str, Path] = {}
        folder.mkdir()

    def take(self, id: str, file: Path | None, origin: str) -> Path | None:
        """Return a picture's place: a link to the user's own file where both are on one disk, so that it is not copied.

        :param id: of the item; a plain name.
        :param file: None where there is none and that is accepted.
        :param origin: the file and the record that name it, for the message.
        :return: None where there is no picture that can be read and that is accepted.
        :raises UserError: when another picture has that id, or it cannot be read.
        """
        self._progress()
        if file is None:
            return None
        place = self._place(id, file.suffix.lower(), origin)
        if (taken := self._taken.get(id)) is not None:  # perhaps with another ending
            if not taken.samefile(file) and not filecmp.cmp(taken, file, shallow=False):
                raise UserError(f"{origin}: {file}: there is another picture with the id {id!r}; ids must be unique")
            return taken
        if not self._readable(file, origin):
            return None
        try:
            os.link(file.resolve(), place)
        except OSError:
            shutil.copyfile(file, place)
        self._taken[id] = place
        return place

    def write(self, id: str, content: bytes, origin: str) -> Path | None:
        """Write a picture that came within another file, and return its place.

        :param origin: the file and the line, for the message.
        :return: None where it cannot be read and that is accepted.
        :raises UserError: when another picture has that id, or it cannot be read.
        """
        self._progress()
        place = self._place(id, ".jpg", origin)
        if place.exists() and place.read_bytes() != content:
            raise UserError(f"{origin}: there are two pictures with the id {id!r}; ids must be unique")
        place.write_bytes(content)
        if not self._readable(place, origin):
            place.unlink()
            return None
        return place

    def _place(self, id: str, suffix: str, origin: str) -> Path:
        if not PLAIN.fullmatch(id):
            raise UserError(f"{origin}: picture {shown(id)} has a name that is no plain word of at most 200 characters")
        return self._folder / f"{id}{suffix}"

    def _readable(self, file: Path, origin: str) -> bool:
        """Whether a picture can be decoded to its end: one that cannot would be found only when it is embedded."""
        try:
            open_image(file)
        except UnreadableImage as error:
            # What lies in the draft will be gone.
            what = f"its picture {shown(file.stem)}" if file.parent == self._folder else str(file)
            problem = f"{origin}: {what} is not a readable image ({error.reason})"
            if not self._partial:
                raise UserError(f"{problem}; --partial leaves it out") from error
            logger.warning("%s; it is left out", problem)
            return False
        return True


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
    :param captions: of each picture; None where their number differs.
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
    captions: int | None = None
    optional: Sequence[str] = ()

    @property
    def short_help(self) -> str:
        """What it is and how large the download, for a list of all."""
        return f"{self.holds} Download: {self.size}."

    @property
    def help(self) -> str:
        """What a user needs to know, for `--help`."""
        return (
            f"{self.holds}\n\nGet the files from {self.page} ({self.size}; {self.licence}). "
            f"The folder holds {'; '.join(self.files)}.\n\n"
            f"Example: [bold]grape data {self.name} --source downloads/{self.name} --out data/{self.name}[/bold]"
        )

    def prepare(self, source: Path, out: Path, partial: bool = False, progress: bool = False) -> Path:
        """Write the data set, unless it is there already, made from the same files.

        :param source: the folder with the official files.
        :param out: where to; a new or empty folder.
        :param partial: accept other counts than the published ones, and pictures that are not there or cannot be read,
            whose queries are left out; what differs is logged.
        :param progress: show a progress bar: every picture is decoded once, which takes a minute for tens of thousands.
        :return: `out`.
        :raises UserError: for a file that is missing, with where to get it; for a picture that cannot be read; for what
            is not as published; for a test split without any query; and when `out` holds something else.
        """
        files = Source(source, self.name, self.page, self.files, partial)
        key = f"{LAYOUT}{'-partial' if partial else ''}"
        made_from = files.fingerprint() if source.is_dir() else None
        # Once it is there, the files may go: pictures are links to them, or copies.
        if is_built(out, self.name, key, made_from):
            return out
        with whole_folder(out) as draft:
            with Progress(transient=True, disable=not progress) as bar:
                task = bar.add_task("Reading pictures", total=sum(counts.items for counts in self.counts.values()))
                read = self.read(files, Pictures(draft / "images", partial, lambda: bar.advance(task)))
            if not read["test"].queries:
                raise UserError(
                    f"{source}: the test split of {self.name} has no query with its text and its picture; a part of "
                    "the split will do with --partial, none of it will not"
                )
            for name in (name for name, part in read.items() if not part.queries):
                logger.warning(
                    "%s, split %s is left out: it has no query with its text and its picture", self.name, name
                )
            parts = {name: part for name, part in read.items() if part.queries}
            compare(self.name, self.counts, parts, partial, self.captions, self.optional)
            (draft / "LICENSE.md").write_text(f"# {self.name}\n\n{self.licence}. From {self.page}.\n", encoding="utf-8")
            write_parts(draft, self.name, key, parts, self.languages, made_from)
        return out


def write_parts(
    draft: Path,
    name: str,
    key: str,
    parts: Mapping[str, Part],
    languages: Iterable[str],
    made_from: str | None = None,
) -> None:
    """Write splits as a data set, read it again, and describe it.

    :param draft: a folder that has their pictures.
    :param name: of the data set.
    :param key: of recipe and versions.
    :param parts: split -> what it searches and what is asked of it.
    :param languages: of the queries.
    :param made_from: the fingerprint of the files that it is made from.
    :raises UserError: for a query of two splits, and for whatever else cannot be read again, with the id.
    """
    first: dict[str, str] = {}
    for split, part in parts.items():
        for query in part.queries:
            if query.id in first:
                raise UserError(
                    f"{name}: query {shown(query.id)} is in split {first[query.id]} and in split {split}; "
                    "a query must be in one"
                )
            first[query.id] = split
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
    try:
        written = Dataset.load(draft)
        for split in written.splits:
            written.split(split)
        for split in unjudged:
            written.unjudged(split)
    except UserError as error:  # the draft that it names will be gone
        raise UserError(f"{name} makes no valid data set: {str(error).replace(f'{draft}{os.sep}', '')}") from error
    kinds = (split for split, part in parts.items() for _ in part.items)
    describe(draft, name, key, {}, kinds, qrels, languages, made_from)
