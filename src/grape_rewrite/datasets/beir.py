"""Data sets as folders in the BEIR layout, read strictly and written whole.

Source: Thakur et al., "BEIR: A Heterogeneous Benchmark for Zero-shot Evaluation of Information Retrieval Models",
NeurIPS Datasets and Benchmarks 2021. Beside BEIR's own keys, records may have `image` (a path within the folder),
`language`, and, in queries, `english`: a human's English wording of the query, used as a reference row in evaluation,
and `among`: the ids of a few items that the right one is to be told from.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from grape_rewrite.datasets.corpus import Corpus, Item
from grape_rewrite.datasets.records import read_lines, read_records, shown
from grape_rewrite.datasets.split import Query, Split
from grape_rewrite.errors import UserError

QRELS_HEADER = ["query-id", "corpus-id", "score"]

Qrels = dict[str, dict[str, int]]


def read_corpus(folder: Path) -> Corpus:
    """Read `corpus.jsonl`. A `title`, as some BEIR sets have, is put before the text.

    BEIR's own files have a few items with neither title nor text; they are kept, and never found.

    :raises UserError: for a missing or empty file, and for every record that is not valid, with its line.
    """
    file = folder / "corpus.jsonl"
    if not file.is_file():
        raise UserError(
            f"{folder} has no corpus.jsonl; a data set is a folder with corpus.jsonl, queries.jsonl and qrels/"
        )
    items = []
    for record in read_records(file):
        texts = [text for text in (record.text("title"), record.text()) if text is not None]
        items.append(Item(record.id(), " ".join(texts) or None, record.image()))
    if not items:
        raise UserError(f"{file} is empty; it needs at least one item a line")
    if all(item.is_empty for item in items):
        raise UserError(f'{file}: no item has a "text" or an "image"; give each one or both')
    return Corpus(items)


def read_queries(folder: Path) -> dict[str, Query]:
    """Read `queries.jsonl` into id -> query, in the order of the file.

    :raises UserError: for a missing file, and for every record that is not valid, with its line.
    """
    file = folder / "queries.jsonl"
    if not file.is_file():
        raise UserError(f'{folder} has no queries.jsonl; it needs one {{"_id": ..., "text": ...}} a line')
    queries = {}
    for record in read_records(file):
        text, image = record.text(), record.image()
        if text is None:
            only = (
                "has an image but no text; a composed query also says what is to be different"
                if image
                else "has no text"
            )
            raise record.error(f'query {shown(record.id())} {only}; give it a "text"')
        language, english = record.text("language"), record.text("english")
        query = Query(record.id(), text, image, language, english, record.ids("among"))
        queries[query.id] = query
    return queries


def read_qrels(file: Path) -> Iterable[tuple[int, str, str, int]]:
    """Yield the line number, query id, corpus id and score of each judgement of a qrels file.

    :raises UserError: for a wrong header, a wrong number of columns, a score that is not an integer, and a pair that
        is judged twice. A file without any line yields nothing.
    """
    lines = read_lines(file)
    number, header = next(lines, (0, ""))
    if number and header.split("\t") != QRELS_HEADER:
        valid = "\\t".join(QRELS_HEADER)
        raise UserError(
            f"{file}, line {number}: the header is {shown(header)}; it must be '{valid}' (separated by tabs)"
        )
    first: dict[tuple[str, str], int] = {}
    for number, line in lines:
        columns = line.split("\t")
        if len(columns) != len(QRELS_HEADER):
            raise UserError(
                f"{file}, line {number}: {shown(line)} has {len(columns)} columns separated by tabs; 3 are valid"
            )
        query, item, score = columns
        if not re.fullmatch(r"-?[0-9]{1,9}", score):
            raise UserError(
                f"{file}, line {number}: score {shown(score)} is not an integer; 0 is irrelevant, 1 or more relevant"
            )
        if (query, item) in first:
            raise UserError(
                f"{file}, line {number}: query {shown(query)} and item {shown(item)} were judged in line "
                f"{first[query, item]}; one judgement a pair is valid"
            )
        first[query, item] = number
        yield number, query, item, int(score)


def read_split(folder: Path, name: str, queries: Mapping[str, Query], corpus: Corpus) -> Split:
    """Read `qrels/NAME.tsv`; the split holds the queries that it names, in the order of `queries`.

    A score of 0 or less judges an item irrelevant; only positives are kept.

    :raises UserError: for a split without a file or without judgements (naming those that exist), an id that is in no
        file, a relevant item with neither a text nor a picture, a query without a relevant item, a query without a
        picture where others have one, and a query whose picture is none of what is searched, or its own answer.
    """
    file = folder / "qrels" / f"{name}.tsv"
    if name not in (existing := split_names(folder)):
        raise UserError(f"{folder} has no split {name!r} (no file qrels/{name}.tsv); {_list(existing)}")
    qrels: Qrels = {}
    for line, query, item, score in read_qrels(file):
        if query not in queries:
            raise UserError(f"{file}, line {line}: there is no query {shown(query)} in {folder / 'queries.jsonl'}")
        if item not in corpus.position:
            raise UserError(f"{file}, line {line}: there is no item {shown(item)} in {folder / 'corpus.jsonl'}")
        positives = qrels.setdefault(query, {})
        if score > 0:
            positives[item] = score
    if not qrels:
        raise UserError(f"{file}: the split {name!r} is empty, it has no line below its header; {_list(existing)}")
    for query, positives in qrels.items():
        if not positives:
            raise UserError(
                f"{file}: query {shown(query)} has no relevant item (score 1 or more); judge one or leave it out"
            )
    _require_content(qrels, corpus, file)
    chosen = [query for id, query in queries.items() if id in qrels]
    searched = read_searched(folder, name, corpus)
    if searched is not None:
        corpus = corpus.part(searched)
        _require_searched(qrels, corpus, name)
    _require_items(chosen, qrels, corpus, folder / "queries.jsonl")
    return Split(name, chosen, {query.id: qrels[query.id] for query in chosen}, searched)


def read_unjudged(folder: Path, name: str, queries: Mapping[str, Query], corpus: Corpus) -> Split:
    """Read `unjudged/NAME.txt`: ids of queries, one a line, whose answers a benchmark's own server keeps.

    :raises UserError: for a missing or empty file, an id that is in no file, a query without a picture where others
        have one, and a query whose picture is none of what is searched.
    """
    file = folder / "unjudged" / f"{name}.txt"
    there = sorted(other.stem for other in (folder / "unjudged").glob("*.txt"))
    if name not in there:  # nor a path to a file outside
        raise UserError(
            f"{folder} has no queries without judgements named {name!r} (no file unjudged/{name}.txt); "
            f"{'there are ' + ', '.join(there) if there else 'there are none'}"
        )
    chosen = {}
    for line, id in read_lines(file):
        if id not in queries:
            raise UserError(f"{file}, line {line}: there is no query {shown(id)} in {folder / 'queries.jsonl'}")
        chosen[id] = queries[id]
    if not chosen:
        raise UserError(f"{file} is empty; it holds the ids of queries, one a line")
    searched = read_searched(folder, name, corpus)
    _require_items(chosen.values(), None, corpus.part(searched) if searched else corpus, folder / "queries.jsonl")
    return Split(name, list(chosen.values()), {id: {} for id in chosen}, searched)


def read_searched(folder: Path, name: str, corpus: Corpus) -> tuple[str, ...] | None:
    """Read `corpora/NAME.txt`, the ids of the items that a split searches, one a line; None where there is no file.

    :raises UserError: for an id that is in no file, and a file without any.
    """
    file = folder / "corpora" / f"{name}.txt"
    if not file.is_file():
        return None
    found = {}
    for line, id in read_lines(file):
        if id not in corpus.position:
            raise UserError(f"{file}, line {line}: there is no item {shown(id)} in {folder / 'corpus.jsonl'}")
        found[id] = line
    if not found:
        raise UserError(f"{file} is empty; it holds the ids of the items that the split {name!r} searches, one a line")
    return tuple(found)


def _require_content(qrels: Qrels, corpus: Corpus, file: Path) -> None:
    """Require that what is relevant has something to find it by."""
    for query, positives in qrels.items():
        for item in positives:
            if corpus[corpus.position[item]].is_empty:
                raise UserError(
                    f"{file}: query {shown(query)} is about item {shown(item)}, which has neither a "
                    '"text" nor an "image" in corpus.jsonl; give it one or both'
                )


def _require_searched(qrels: Qrels, corpus: Corpus, name: str) -> None:
    """Require that what is relevant can be found."""
    for query, positives in qrels.items():
        for item in positives:
            if item not in corpus.position:
                raise UserError(
                    f"corpora/{name}.txt: query {shown(query)} is about item {shown(item)}, which is not in it"
                )


def require_pictures(queries: Collection[Query], where: Path | str) -> None:
    """Require that of the queries of a split all have a picture, or none: what is asked is either of two kinds.

    :param where: the file, for the message.
    :raises UserError: with the first query that has none where another has one.
    """
    without = next((query for query in queries if not query.image), None)
    pictured = next((query for query in queries if query.image), None)
    if without and pictured:
        raise UserError(
            f'{where}: query {shown(without.id)} has no "image", while {shown(pictured.id)} of the same split has one; '
            "give one to every query of a split, or to none"
        )


def _require_items(queries: Collection[Query], qrels: Qrels | None, corpus: Corpus, file: Path) -> None:
    """Require that what a query names is searched: its own picture, as in all sets of composed queries, and `among`."""
    require_pictures(queries, file)
    for query in queries:
        unknown = next((id for id in query.among if id not in corpus.position), None)
        if unknown is not None:
            raise UserError(f"{file}: query {shown(query.id)} is among item {shown(unknown)}, which is not searched")
        if qrels and query.among and not any(id in qrels[query.id] for id in query.among):
            raise UserError(f'{file}: query {shown(query.id)} has no relevant item in its "among"; it must have one')
        if query.image is None:
            continue
        own = [corpus.ids[row] for row in corpus.pictured.get(query.image.resolve(), ())]
        if not own:
            raise UserError(
                f"{file}: query {shown(query.id)} has the picture {query.image.name}, which no item that is "
                "searched has; a query's picture must be one of the corpus"
            )
        answer = next((id for id in sorted(own) if qrels and id in qrels[query.id]), None)
        if answer is not None:
            raise UserError(
                f"{file}: query {shown(query.id)} has the picture of item {shown(answer)}, which is judged relevant "
                "to it; what a query shows is no answer to it"
            )


def split_names(folder: Path) -> list[str]:
    """Return the names of the splits that have a file, sorted."""
    return sorted(file.stem for file in (folder / "qrels").glob("*.tsv"))


def write_dataset(
    folder: Path,
    corpus: Iterable[Item],
    queries: Iterable[Query],
    qrels: Mapping[str, Qrels],
    searched: Mapping[str, Iterable[str]] | None = None,
    unjudged: Mapping[str, Iterable[str]] | None = None,
) -> None:
    """Write a data set into an existing folder, in which its images lie already.

    :param folder: as a rule the one that `cache.whole_folder` yields, so that it appears only when it is whole.
    :param qrels: split -> query id -> {corpus id: score}.
    :param searched: split -> ids of the items that it searches; the whole corpus by default.
    :param unjudged: split without judgements -> ids of its queries.
    """

    def image(path: Path | None) -> str | None:
        return None if path is None else path.relative_to(folder).as_posix()

    write_records(
        folder / "corpus.jsonl", ({"_id": item.id, "text": item.text, "image": image(item.image)} for item in corpus)
    )
    write_records(
        folder / "queries.jsonl",
        (
            {
                "_id": query.id,
                "text": query.text,
                "image": image(query.image),
                "language": query.language,
                "english": query.reference,
                "among": list(query.among) or None,
            }
            for query in queries
        ),
    )
    (folder / "qrels").mkdir(exist_ok=True)
    for name, judgements in qrels.items():
        rows = [[query, item, str(score)] for query, items in judgements.items() for item, score in items.items()]
        text = "".join("\t".join(row) + "\n" for row in [QRELS_HEADER, *rows])
        (folder / "qrels" / f"{name}.tsv").write_bytes(text.encode())
    for kind, lists in (("corpora", searched), ("unjudged", unjudged)):
        for name, ids in (lists or {}).items():
            (folder / kind).mkdir(exist_ok=True)
            (folder / kind / f"{name}.txt").write_bytes("".join(f"{id}\n" for id in ids).encode())


def write_records(file: Path, records: Iterable[Mapping[str, object]]) -> None:
    """Write one JSON object a line, leaving out keys whose value is None."""
    with file.open("w", encoding="utf-8", newline="\n") as lines:
        for record in records:
            fields = {key: value for key, value in record.items() if value is not None}
            lines.write(json.dumps(fields, ensure_ascii=False) + "\n")


def _list(names: list[str]) -> str:
    return f"the splits with a file are {', '.join(names)}" if names else "there is no split with a file"
