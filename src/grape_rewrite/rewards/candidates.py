"""What rewrites are judged by."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from grape_rewrite.rewards.rank import Ragged, Scores, Weights, best_positive_rank


@dataclass(frozen=True)
class Candidates:
    """The scores of n rewrites against what they compete with: the whole corpus, or a pool of it.

    :param scores: n rows of scores of every candidate: an (n, N) array, or n arrays.
    :param positives: n arrays of column numbers, none empty.
    :param gains: n arrays of grades, in the order of the positives; all 1 when not given.
    :param weights: n arrays like the rows of scores: how many items each stands for; all 1 when not given.
    """

    scores: Scores
    positives: Ragged
    gains: Ragged | None = None
    weights: Weights | None = None

    @cached_property
    def ranks(self) -> npt.NDArray[np.float64]:
        """(n,) rank of each rewrite's best positive; see `best_positive_rank`."""
        return best_positive_rank(self.scores, self.positives, self.weights)

    @cached_property
    def irrelevant(self) -> npt.NDArray[np.float64]:
        """(n,) N: how many irrelevant items the candidates stand for."""
        if self.weights is None:
            counts = [len(row) - len(relevant) for row, relevant in zip(self.scores, self.positives, strict=True)]
            return np.array(counts, dtype=np.float64)
        weighted = zip(self.weights, self.positives, strict=True)
        return np.array([row.sum() - row[relevant].sum() for row, relevant in weighted])
