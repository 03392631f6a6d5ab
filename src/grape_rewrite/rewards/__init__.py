"""Rewards: pure functions of ranks, scores and texts."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from grape_rewrite.rewards.candidates import Candidates
from grape_rewrite.rewards.contrastive import contrastive
from grape_rewrite.rewards.form import brevity, well_formed
from grape_rewrite.rewards.margin import margin
from grape_rewrite.rewards.ndcg import ndcg
from grape_rewrite.rewards.pool import Pool, draw_pool
from grape_rewrite.rewards.rank import best_positive_rank
from grape_rewrite.rewards.rank_linear import rank_linear
from grape_rewrite.rewards.rank_log import rank_log
from grape_rewrite.rewards.reciprocal_rank import reciprocal_rank
from grape_rewrite.rewards.similarity import similarity

REWARDS: dict[str, Callable[[Candidates], npt.NDArray[np.float64]]] = {
    "rank_linear": lambda found: rank_linear(found.ranks, found.irrelevant),
    "rank_log": lambda found: rank_log(found.ranks, found.irrelevant),
    "reciprocal_rank": lambda found: reciprocal_rank(found.ranks),
    "ndcg": lambda found: ndcg(found.scores, found.positives, gains=found.gains, weights=found.weights),
    "similarity": lambda found: similarity(found.scores, found.positives),
    "margin": lambda found: margin(found.scores, found.positives, weights=found.weights),
    "contrastive": lambda found: contrastive(found.scores, found.positives, weights=found.weights),
}

__all__ = [
    "REWARDS",
    "Candidates",
    "Pool",
    "best_positive_rank",
    "brevity",
    "contrastive",
    "draw_pool",
    "margin",
    "ndcg",
    "rank_linear",
    "rank_log",
    "reciprocal_rank",
    "similarity",
    "well_formed",
]
