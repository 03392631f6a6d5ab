"""Rankings of queries whose answers a benchmark's own server keeps, in the files that it reads.

CIRR: https://github.com/Cuberick-Orion/CIRR/blob/main/Test-split_server.md, version rc2.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from grape_rewrite.atomic import together
from grape_rewrite.errors import UserError
from grape_rewrite.evaluation.protocol import DEPTH, FEW
from grape_rewrite.evaluation.trec import run_text
from grape_rewrite.index.top import top_items
from grape_rewrite.strategies import Ask, EmbeddedAsks, embed_asks

if TYPE_CHECKING:
    from grape_rewrite.datasets import Split
    from grape_rewrite.index import Index


@dataclass(frozen=True)
class Submission:
    """What was found for each query.

    :param found: query id -> (item id, score) pairs, the 50 best, best first, the query's own picture not among them.
    :param among: query id -> the ids of the three best among the few pictures most alike; empty unless each query names
        such pictures.
    """

    split: str
    found: dict[str, list[tuple[str, float]]]
    among: dict[str, list[str]]

    def write(self, folder: Path, tag: str) -> list[Path]:
        """Write a TREC run, and where there are pictures most alike the two files of CIRR's server.

        :param folder: where to; made when missing, files of the same names are replaced.
        :param tag: name of the method.
        :return: the files.
        :raises UserError: when a file cannot be written, or two queries have the same number.
        """
        texts = {f"{self.split}.trec": run_text(self.found, tag), **self._for_server()}
        with together() as write:
            for file, text in texts.items():
                write(folder / file, text)
        return [folder / file for file in texts]

    def _for_server(self) -> dict[str, str]:
        """The files of CIRR's server by their names; none where there are no pictures most alike."""
        if not self.among:
            return {}
        whole = {id: [item for item, _ in hits] for id, hits in self.found.items()}
        texts = {}
        for metric, ranked in (("recall", whole), ("recall_subset", self.among)):
            pairs = {id.rpartition(".")[2]: items for id, items in ranked.items()}
            if len(pairs) < len(ranked):
                raise UserError(f"split {self.split}: queries are known to CIRR by numbers, and some have the same")
            texts[f"{metric}_submission.json"] = json.dumps({"version": "rc2", "metric": metric, **pairs}) + "\n"
        return texts


def rank_unjudged(asks: "Sequence[Ask]", index: "Index", split: "Split") -> Submission:
    """Rank what a split searches for each of its queries.

    :param asks: what is searched with for each query.
    :param index: the embedded corpus.
    :param split: the queries; see `Dataset.unjudged`.
    """
    index = index.of(split)
    ids = index.corpus.ids
    own, few = index.own(split.queries), split.among(index.corpus)
    found: dict[str, list[tuple[str, float]]] = {}
    among: dict[str, list[str]] = {}
    for part, scores in EmbeddedAsks(asks, index, embed_asks(asks, index), split.queries, own).slabs():
        places = range(part.start, part.stop)
        apart = [{*own[place].tolist(), *index.skipped} for place in places]
        best = top_items(scores, min(scores.shape[1], DEPTH + max(map(len, apart))))
        for place, row, order, never in zip(places, scores, best, apart, strict=True):
            id = split.queries[place].id
            hits = [item for item in order.tolist() if item not in never][:DEPTH]
            found[id] = [(ids[item], float(row[item])) for item in hits]
            if few is not None:
                ranked = few[place][np.argsort(-row[few[place]], kind="stable")]
                among[id] = [ids[item] for item in ranked[: max(FEW)]]
    return Submission(split.name, found, among)
