"""A data set: what is searched, and queries with judgements in splits."""

import hashlib
from functools import cached_property
from importlib import import_module
from pathlib import Path

from grape_rewrite.datasets.beir import read_corpus, read_queries, read_split, read_unjudged, split_names
from grape_rewrite.datasets.corpus import Corpus
from grape_rewrite.datasets.split import Query, Split
from grape_rewrite.errors import UserError

EMBEDDED = {
    "scenes": ("emoji_scenes", "build_scenes"),
    "scenes-fresh": ("emoji_scenes", "build_fresh_scenes"),
    "emoji": ("emoji", "build_emoji"),
    "definitions": ("definitions", "build_definitions"),
    "definitions-5k": ("definitions", "build_large_definitions"),
    "paragraphs": ("paragraphs", "build_paragraphs"),
    "composed": ("composed", "build_composed"),
}
"""Name -> module and function that build it; they are imported only when needed, as they need this module."""


def build_embedded(name: str, folder: Path | None = None) -> Path:
    """Build one of `EMBEDDED` unless it is there, and return its folder.

    :param folder: where it is built; in the cache by default.
    """
    module, builder = EMBEDDED[name]
    return Path(getattr(import_module(f"grape_rewrite.datasets.{module}"), builder)(folder=folder))


class Dataset:
    """A folder in the BEIR layout. The corpus is read at once, a split when it is first used.

    :param name: what it was asked for by.
    """

    def __init__(self, name: str, folder: Path, corpus: Corpus) -> None:
        self.name = name
        self.folder = folder
        self.corpus = corpus
        self._splits: dict[str, Split] = {}

    @staticmethod
    def load(folder: str | Path) -> "Dataset":
        """Read a data set.

        :param folder: a folder in the BEIR layout, or one of `EMBEDDED`, the embedded data sets, which are built into
            the cache when they are not there yet. A folder of such a name is `./emoji`, or any `Path`.
        :raises UserError: for everything in its files that is not valid, with the file, the line and the value.
        """
        name = str(folder)
        folder = build_embedded(name) if folder in EMBEDDED else Path(folder).expanduser()
        if not folder.is_dir():
            raise UserError(
                f"there is no folder {folder}; a data set is a folder with corpus.jsonl, queries.jsonl and qrels/, "
                f"or one of {', '.join(EMBEDDED)}, which are built when they are asked for"
            )
        return Dataset(name, folder, read_corpus(folder))

    @cached_property
    def queries(self) -> dict[str, Query]:
        """All queries by their id, those of no split too."""
        return read_queries(self.folder)

    def split(self, name: str) -> Split:
        """Return a split by its name, that of a file `qrels/NAME.tsv`."""
        if name not in self._splits:
            self._splits[name] = read_split(self.folder, name, self.queries, self.corpus)
        return self._splits[name]

    def repeated(self, name: str, earlier: str) -> list[Query]:
        """Return the queries of a split that an earlier one asks too: the same text and picture, whatever their ids.

        Figures on them do not speak of new queries where the earlier split was learned from.
        """
        asked = {(query.text, query.image) for query in self.split(earlier)}
        return [query for query in self.split(name) if (query.text, query.image) in asked]

    def unjudged(self, name: str) -> Split:
        """Return the queries of `unjudged/NAME.txt`, whose answers nobody here knows; they can only be searched for."""
        return read_unjudged(self.folder, name, self.queries, self.corpus)

    @property
    def splits(self) -> list[str]:
        """The names of the splits that have a file, sorted."""
        return split_names(self.folder)

    @property
    def train(self) -> Split:
        """The queries to train on."""
        return self.split("train")

    @property
    def dev(self) -> Split:
        """The queries to choose checkpoints and settings by."""
        return self.split("dev")

    @property
    def test(self) -> Split:
        """The queries to report."""
        return self.split("test")

    def fingerprint(self) -> str:
        """Return the SHA-256 over the corpus, the queries and the judgements of all splits."""
        digest = hashlib.sha256(self.corpus.fingerprint().encode())
        names = ["queries.jsonl", *(f"qrels/{name}.tsv" for name in self.splits)]
        for kind in ("corpora", "unjudged"):
            names += [f"{kind}/{file.name}" for file in sorted((self.folder / kind).glob("*.txt"))]
        for name in names:
            file = self.folder / name
            content = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
            digest.update(f"{name} {content}\n".encode())
        return digest.hexdigest()
