"""What there is to win before anything is trained."""

import json
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from grape_rewrite.rewriting.defaults import TEMPERATURE

if TYPE_CHECKING:
    from grape_rewrite.datasets import Split
    from grape_rewrite.index import Index
    from grape_rewrite.rewriting import Rewriter
    from grape_rewrite.rewriting.asked import Asked

EDGES = (1, 5, 10, 50, 100)
SOLVED = 0.95  # of the mean reciprocal rank
ALIKE = 0.9  # of the groups without variance
FEW = 100  # queries; fewer say little
SMALL = 0.02  # a difference of Recall@10 or MRR that is hardly one


@dataclass(frozen=True)
class Headroom:
    """How queries rank raw, rewritten by the untrained rewriter, and by the best of a group of its samples.

    The best of several is better by luck alone: `by-luck` is the best of as many samples made for another query.
    `recall_at_10` and `mrr` are means over the queries for each of `raw`, `untrained`, `best-of-group`, and `by-luck`
    where queries ask for different items. `ranks` says
    which share of the queries lies at rank 1, 2 to 5, 6 to 10, 11 to 50, 51 to 100 and beyond. `zero_variance` is the
    share of groups whose samples all rank the same: they teach nothing. `distinct` is the mean number of different
    rewrites in a group.
    """

    queries: int
    corpus: int
    group: int
    recall_at_10: dict[str, float]
    mrr: dict[str, float]
    ranks: dict[str, list[float]]
    zero_variance: float
    distinct: float

    @property
    def verdict(self) -> str:
        """In a sentence or two, whether training can help."""
        best, untrained = self.mrr["best-of-group"], self.mrr["untrained"]
        gain = self.recall_at_10["best-of-group"] - self.recall_at_10["untrained"]
        prefers = ": training can teach the rewriter to prefer such samples."
        said = {
            "The untrained rewriter ranks nearly every item first: training has little left to teach.": (
                untrained > SOLVED
            ),
            "Nearly all groups have no variance: raise the temperature or the group size before training.": (
                self.zero_variance > ALIKE and self.distinct < self.group / 2
            ),
            "Nearly all groups rank the same, though their rewrites differ: training has little to learn from.": (
                self.zero_variance > ALIKE
            ),
            f"The best of {self.group} samples ranks hardly higher than the best of {self.group} that were made for "
            "another query: it is luck, and training has little to learn from.": (
                best - self.mrr.get("by-luck", 0.0) < SMALL
            ),
            "The best of a group is hardly better than the untrained rewrite: training has little to learn from.": (
                gain < SMALL and best - untrained < SMALL
            ),
            f"The best of {self.group} samples finds no more in the top 10 than the untrained rewrite, but ranks it "
            f"higher ({best - untrained:.3f} in MRR){prefers}": gain < SMALL,  # small corpora are all within reach
            f"The best of {self.group} samples finds {100 * gain:.0f} points more in the top 10 than the untrained "
            f"rewrite{prefers}": True,
        }
        behind = self.mrr["raw"] - untrained
        raw = f" Untrained it ranks worse than the raw query, by {behind:.3f} in MRR." if behind >= SMALL else ""
        return next(text for text, holds in said.items() if holds) + raw

    def to_json(self) -> str:
        """Return all figures and the verdict as JSON."""
        return json.dumps({**asdict(self), "verdict": self.verdict}, indent=2) + "\n"


def measure_headroom(
    rewriter: "Rewriter",
    index: "Index",
    split: "Split",
    group: int = 8,
    seed: int = 0,
    temperature: float = TEMPERATURE,
    progress: bool = False,
) -> Headroom:
    """Rank the queries of a split raw, rewritten greedily, and rewritten `group` times by sampling.

    :param rewriter: the rewriter before training.
    :param index: the embedded corpus.
    :param split: the queries and their judgements.
    :param group: samples for each query.
    :param seed: seed of the sampling.
    :param temperature: of the sampling; by default that of training.
    """
    index = index.of(split)
    asked = index.asked(split.queries, rewriter.sees)
    samples = rewriter.rewrite(asked, group=group, temperature=temperature, seed=seed, progress=progress)
    drawn = np.stack([index.ranks(_or_asked(samples, asked, i), split) for i in range(group)], axis=1)
    ranks = {
        "raw": index.ranks(split.texts, split),
        "untrained": index.ranks(rewriter.likeliest(asked, progress), split),
        "best-of-group": drawn.min(axis=1),
    }
    if others := _others(split):
        lent = [samples[other] for other in others]
        ranks["by-luck"] = np.min([index.ranks(_or_asked(lent, asked, i), split) for i in range(group)], axis=0)
    return Headroom(
        queries=len(split),
        corpus=len(index.corpus),
        group=group,
        recall_at_10={name: float((values <= 10).mean()) for name, values in ranks.items()},
        mrr={name: float((1 / values).mean()) for name, values in ranks.items()},
        ranks={name: _shares(values) for name, values in ranks.items()},
        zero_variance=float((drawn.min(axis=1) == drawn.max(axis=1)).mean()),
        distinct=float(np.mean([len(set(texts)) for texts in samples])),
    )


def _others(split: "Split") -> list[int]:
    """For each query the place of the next one that asks for other items; none where all ask for the same."""
    wanted = [split.qrels[query.id].keys() for query in split]
    places = range(len(split))
    found = [
        next((other for step in places if not wanted[(other := (place + step) % len(split))] & wanted[place]), None)
        for place in places
    ]
    return [other for other in found if other is not None] if None not in found else []


def _or_asked(rewrites: list[list[str]], asked: "list[Asked]", place: int) -> list[str]:
    """One rewrite of each query; the query's text where the rewriter returned nothing."""
    return [one.or_query(texts[place]) for one, texts in zip(asked, rewrites, strict=True)]


def _shares(ranks: npt.NDArray[np.float64]) -> list[float]:
    """The share of ranks up to each edge and above the one before; the last is beyond all edges."""
    below = [float((ranks <= edge).mean()) for edge in EDGES]
    return [below[0], *(float(high - low) for low, high in pairwise(below)), 1 - below[-1]]
