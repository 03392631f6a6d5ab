"""Methods side by side on one split: from rewrites to `evaluation.json`, run files and the data of the report."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from grape_rewrite.atomic import together
from grape_rewrite.errors import UserError
from grape_rewrite.evaluation.method import Method, measure
from grape_rewrite.evaluation.protocol import protocol
from grape_rewrite.evaluation.summary import by_language, cluster_labels, compare, summarise_method
from grape_rewrite.evaluation.trec import run_text
from grape_rewrite.rewards.rank import Ragged
from grape_rewrite.strategies import Ask, EmbeddedAsks, embed_asks

if TYPE_CHECKING:
    from grape_rewrite.datasets import Corpus, Query, Split
    from grape_rewrite.index import Index

EVALUATION = "evaluation.json"


@dataclass(frozen=True)
class Evaluation:
    """The result of `evaluate_methods`: the summary, and what each query's results were."""

    corpus: "Corpus"
    queries: "list[Query]"
    positives: Ragged
    methods: dict[str, Method]
    summary: dict[str, Any]

    def to_json(self) -> str:
        """Return the text of `evaluation.json`; `summary` is the same as a dictionary."""
        return json.dumps(self.summary, ensure_ascii=False, indent=2, allow_nan=False) + "\n"

    def write(self, folder: Path) -> None:
        """Write `evaluation.json`, `rewrites.jsonl` and one TREC run file for each method into a folder.

        :param folder: where to; made when missing. An evaluation that lies there is replaced, its run files too.
        :raises UserError: when a file cannot be written.
        """
        # Quoted, because a method may be named after a folder.
        runs = {name: folder / "runs" / f"{quote(name, safe='')}.trec" for name in self.methods}
        stale = set((folder / "runs").glob("*.trec")) - set(runs.values()) if (folder / EVALUATION).is_file() else set()
        with together() as write:
            for name, method in self.methods.items():
                run = {
                    query.id: [(self.corpus.ids[row], score) for row, score in zip(rows, scores, strict=True)]
                    for query, rows, scores in zip(
                        self.queries, method.top.tolist(), method.top_scores.tolist(), strict=True
                    )
                }
                write(runs[name], run_text(run, name))
            lines = [json.dumps(self._query_record(row), ensure_ascii=False) + "\n" for row in range(len(self.queries))]
            write(folder / "rewrites.jsonl", "".join(lines))
            # Last, so that a folder with this file in it is complete.
            write(folder / EVALUATION, self.to_json())
        for file in stale:
            file.unlink()

    def _query_record(self, row: int) -> dict[str, Any]:
        query = self.queries[row]
        return {
            "_id": query.id,
            "query": query.text,
            "language": query.language,
            "positives": [self.corpus.ids[item] for item in self.positives[row]],
            "methods": {
                name: {
                    "rewrite": method.rewrites[row],
                    "rank": float(method.ranks[row]),
                    "top": [self.corpus.ids[item] for item in method.top[row, :5]],
                }
                for name, method in self.methods.items()
            },
        }


def evaluate_methods(
    rewrites: "Mapping[str, Sequence[str | Ask] | None]",
    index: "Index",
    split: "Split",
    seed: int = 0,
    costs: Mapping[str, Mapping[str, float]] | None = None,
    progress: bool = False,
) -> Evaluation:
    """Evaluate methods by what they ask for the same queries; each distinct text is embedded once.

    Intervals and tests draw clusters of queries with the same positives, not single queries.

    :param rewrites: method -> one rewrite, or one `Ask`, for each query of the split, in its order; None for the
        queries themselves. Harm and score inflation are measured against the first.
    :param index: the embedded corpus.
    :param split: the queries and their judgements.
    :param seed: seed of bootstrap and tests.
    :param costs: method -> `rewrite_tokens` (mean) and `ms_per_query`, where they were measured.
    :param progress: show a progress bar while embedding.
    :return: the evaluation; `.summary` is the content of `evaluation.json`.
    :raises UserError: when the split is empty, a method lacks rewrites, or the retriever returns an embedding that is
        not finite.
    """
    if len(split) == 0:
        raise UserError(f"split {split.name!r} has no queries; there is nothing to evaluate")
    reference = next(iter(rewrites))
    asks = {
        name: [
            Ask((given,)) if isinstance(given, str) else given for given in (split.texts if texts is None else texts)
        ]
        for name, texts in rewrites.items()
    }
    for name, given in asks.items():
        if len(given) != len(split):
            raise UserError(f"method {name!r} has {len(given)} rewrites for {len(split)} queries of {split.name!r}")

    index = index.of(split)
    positives = split.positives(index.corpus)
    gains = split.gains(index.corpus)
    vectors = embed_asks([ask for given in asks.values() for ask in given], index, progress)
    excluded, among = split.excluded(index.corpus), split.among(index.corpus)
    methods = {
        name: measure(EmbeddedAsks(given, index, vectors, split.queries, excluded), positives, gains, among)
        for name, given in asks.items()
    }
    clusters = cluster_labels(positives)
    summary = {
        "methods": {
            name: summarise_method(method, methods[reference], clusters, seed, (costs or {}).get(name, {}))
            for name, method in methods.items()
        },
        "comparisons": compare(methods, clusters, seed),
        "by_language": by_language(methods, [query.language for query in split.queries], clusters, seed),
        "protocol": protocol(methods, split.languages),
        "queries": len(split),
        "corpus": len(index.corpus),
        "skipped": len(index.skipped),
        "clusters": int(clusters.max()) + 1,
        "reference": reference,
        "searching": asdict(index.searching),
        "seed": seed,
        "fingerprints": {
            "retriever": index.retriever.fingerprint(),
            "corpus": index.corpus.fingerprint(),
            "queries": split.fingerprint(),
        },
    }
    return Evaluation(index.corpus, split.queries, positives, methods, summary)
