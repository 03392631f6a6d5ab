"""What each query reached, as small as it can be kept: tests and scatter plots need no more of a run."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, model_validator

from grape_rewrite.atomic import write_text
from grape_rewrite.document import read_document
from grape_rewrite.evaluation import Evaluation
from grape_rewrite.evaluation.summary import cluster_labels

OUTCOMES = "outcomes.json"


class Outcomes(BaseModel):
    """The content of `outcomes.json`.

    `clusters` numbers the sets of items that the n queries ask for; queries with the same number are no independent
    evidence. `languages` are theirs, null where it is not known. By method: `ranks` and `recall@10` of each query;
    `levels`, the scores of its best positive and of its hard negatives, and `irrelevant`, that of all its wrong items
    (null where the method fuses rankings); `centroid`, the cosine of what it is searched with to the corpus centroid.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    clusters: list[int]
    languages: list[str | None] = []  # earlier versions did not keep them
    ranks: dict[str, list[float]]
    recall: dict[str, list[float]]
    levels: dict[str, list[tuple[float, float]] | None]
    irrelevant: dict[str, list[float] | None] = {}  # nor these two
    centroid: dict[str, list[float]] = {}

    @model_validator(mode="after")
    def _queries_are_the_same(self) -> "Outcomes":
        if self.languages and len(self.languages) != len(self.clusters):
            raise ValueError(f"languages has {len(self.languages)} values for {len(self.clusters)} queries")
        for key, least, most in (("ranks", 1.0, math.inf), ("recall", 0.0, 1.0)):
            for method, values in getattr(self, key).items():
                wrong = next((value for value in values if not least <= value <= most), None)
                if wrong is not None:
                    raise ValueError(f"{key}.{method} has {wrong:g}, which none can be")
        for key in ("ranks", "recall", "levels", "irrelevant", "centroid"):
            for method, values in getattr(self, key).items():
                if values is not None and len(values) != len(self.clusters):
                    raise ValueError(f"{key}.{method} has {len(values)} values for {len(self.clusters)} queries")
        return self

    def metric(self, name: str, method: str) -> npt.NDArray[np.float64]:
        """Return `recall@10`, `mrr` or `success@1` of each query.

        Success@1, whether a right item is first, is Recall@1 where a query has one right item.
        """
        if name == "recall@10":
            return np.array(self.recall[method])
        ranks = np.array(self.ranks[method])
        return (ranks == 1).astype(np.float64) if name == "success@1" else 1 / ranks

    def scores(self, method: str) -> dict[str, npt.NDArray[np.float64]]:
        """Return where the scores of each query lie, by the names of `evaluation.inflation`, as far as it is known."""
        pairs, irrelevant, centroid = (kept.get(method) for kept in (self.levels, self.irrelevant, self.centroid))
        found = {}
        if pairs is not None:
            positive, hard = np.array(pairs).T
            found = {"d_pos": positive, "d_hard": hard, "margin": positive - hard}
        if irrelevant is not None:
            found["d_neg"] = np.array(irrelevant)
        if centroid is not None:
            found["centroid"] = np.array(centroid)
        return found


def outcomes_of(evaluation: Evaluation, methods: Sequence[str]) -> Outcomes:
    """Return what each query reached with some of an evaluation's methods."""
    chosen = {name: evaluation.methods[name] for name in methods}
    levels: dict[str, list[tuple[float, float]] | None] = {}
    irrelevant: dict[str, list[float] | None] = {}
    for name, method in chosen.items():
        levels[name] = irrelevant[name] = None
        if method.levels is not None:
            levels[name] = np.stack([method.levels.positive, method.levels.hard], axis=1).round(4).tolist()
            irrelevant[name] = method.levels.irrelevant.round(4).tolist()
    return Outcomes(
        clusters=cluster_labels(evaluation.positives).tolist(),
        languages=[query.language for query in evaluation.queries],
        ranks={name: method.ranks.tolist() for name, method in chosen.items()},
        recall={name: method.metrics["recall@10"].tolist() for name, method in chosen.items()},
        levels=levels,
        irrelevant=irrelevant,
        centroid={name: method.centroid.round(4).tolist() for name, method in chosen.items()},
    )


def write_outcomes(folder: Path, outcomes: Outcomes) -> None:
    """Write `outcomes.json`.

    :raises UserError: when the disk cannot take it.
    """
    write_text(folder / OUTCOMES, outcomes.model_dump_json() + "\n")


def read_outcomes(folder: Path) -> Outcomes:
    """Read `outcomes.json`.

    :raises UserError: when it is missing or does not hold what it should.
    """
    return read_document(folder / OUTCOMES, Outcomes)
