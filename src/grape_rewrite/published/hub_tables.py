"""MTEB's layout: which tables a retrieval set on a data hub, or in a folder of the user's, consists of.

Format, read off https://github.com/embeddings-benchmark/mteb: configurations `corpus` (columns `id` or `_id`, and
`title`, `text`, `image` as there are), `queries` (the same) and `qrels` (`query-id`, `corpus-id`, `score`), each with a
language and a dash before it where there are several: `de-corpus`. Without languages, the queries may be in `query`, as
in M-BEIR, and the judgements in `default`, as in BEIR. A configuration with one split has it for all: those two have
all items in a split `corpus`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grape_rewrite.errors import UserError, first_line
from grape_rewrite.fingerprint import content_hash
from grape_rewrite.hub import TIMEOUT, looks_like_a_path
from grape_rewrite.published.contents import files_below, short_hash
from grape_rewrite.quiet import quiet

KINDS: dict[str, tuple[str, ...]] = {
    "corpus": ("corpus",),
    "queries": ("query", "queries"),
    "qrels": ("default", "qrels"),
}
"""What a set consists of -> the configurations that may hold it, the first that is there being meant."""
SPLITS = {"train": "train", "dev": "dev", "validation": "dev", "test": "test"}
"""Splits there -> here."""
VALID = "valid is a set in MTEB's layout, such as mteb/XM3600T2IRetrieval or a folder of parquet files"


@dataclass(frozen=True)
class HubTables:
    """The tables of a set.

    :param name: on the hub, or a folder.
    """

    name: str

    def fingerprint(self) -> str | None:
        """Return what tells one state of the set from others: the hub's commit, or a hash of the files in a folder.

        :return: None where the folder is gone, or the hub cannot be asked.
        :raises UserError: when a file of the folder cannot be read.
        """
        from huggingface_hub import HfApi

        if (folder := Path(self.name)).is_dir():
            return self._asked(
                lambda: short_hash(
                    f"{file.relative_to(folder).as_posix()} {content_hash(file)}" for file in files_below(folder)
                )
            )
        if looks_like_a_path(self.name):
            return None
        try:
            with quiet():
                return HfApi().dataset_info(self.name, timeout=TIMEOUT).sha
        except Exception:  # of many libraries; what is wrong is said when the tables are read
            return None

    def configurations(self, wanted: Sequence[str] = ()) -> dict[str, dict[str, str]]:
        """Return language -> kind -> configuration; the language has no name where the set has but one.

        :param wanted: the languages to take; all by default.
        :raises UserError: when the set cannot be had, has another layout, or not all of the languages.
        """
        from datasets import get_dataset_config_names

        there = set(self._asked(get_dataset_config_names, self.name))
        named = sorted(name.removesuffix("-queries") for name in there if name.endswith("-queries"))
        valid = {"": KINDS} | {language: {kind: (f"{language}-{kind}",) for kind in KINDS} for language in named}
        found = {
            language: {kind: next(name for name in names if name in there) for kind, names in kinds.items()}
            for language, kinds in valid.items()
            if all(there.intersection(names) for names in kinds.values())
        }
        if not found:
            raise UserError(f"{self.name} has no corpus, queries and qrels; {VALID}")
        unknown = next((language for language in wanted if language not in found), None)
        if unknown is not None:
            raise UserError(
                f"{self.name} has no language {unknown!r}; it has {', '.join(filter(None, found)) or 'one'}"
            )
        return {language: found[language] for language in wanted or found}

    def splits(self, qrels: str) -> dict[str, str]:
        """Return the splits of judgements that have a place here -> that place; a sole one of any name is the test.

        :param qrels: the configuration that holds the judgements.
        :raises UserError: when two of them have the same place.
        """
        names = self._split_names(qrels)
        known = {name: SPLITS[name] for name in names if name in SPLITS}
        if {"dev", "validation"} <= set(known):
            raise UserError(f"{self.name} has a split dev and a split validation; one of them is valid")
        return known or (dict.fromkeys(names, "test") if len(names) == 1 else {})

    def split_of(self, configuration: str, split: str) -> str:
        """Return which split of a configuration goes with one of the judgements: the one of its name, or the sole one.

        :raises UserError: when there are several, and none of that name.
        """
        names = self._split_names(configuration)
        if split not in names and len(names) != 1:
            raise UserError(
                f"{self.name} has judgements of a split {split!r}, and in {configuration!r} the splits "
                f"{', '.join(names)}; valid is a split of the same name, or one for all"
            )
        return split if split in names else names[0]

    def rows(self, configuration: str, split: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table, pictures as they were stored; nothing is kept on the disk.

        :raises UserError: when it cannot be read.
        """
        from datasets import Image, load_dataset

        def read() -> Iterator[dict[str, Any]]:
            table = load_dataset(self.name, configuration, split=split, streaming=True)
            if "image" in (table.column_names or []):
                table = table.cast_column("image", Image(decode=False))
            yield from table

        rows = self._asked(read)
        while (row := self._asked(next, rows, None)) is not None:
            yield row

    def _split_names(self, configuration: str) -> list[str]:
        from datasets import get_dataset_split_names

        return list(self._asked(get_dataset_split_names, self.name, configuration))

    def _asked(self, function: Any, *arguments: Any) -> Any:
        """Ask the library, and say in one line what is wrong."""
        if looks_like_a_path(self.name) and not Path(self.name).is_dir():
            is_file = Path(self.name).exists()
            raise UserError(
                f"{f'{self.name} is a file, no folder' if is_file else f'there is no folder {self.name}'}; {VALID}"
            )
        try:
            with quiet():
                return function(*arguments)
        except Exception as error:  # of many libraries: HTTP, parquet, the hub's own
            raise UserError(f"cannot read {self.name}: {first_line(error)}; {VALID}") from error
