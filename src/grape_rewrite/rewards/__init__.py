"""Rewards: pure functions of ranks, scores and texts."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from grape_rewrite.rewards.form import brevity, well_formed
from grape_rewrite.rewards.rank import best_positive_rank
from grape_rewrite.rewards.rank_linear import rank_linear
from grape_rewrite.rewards.rank_log import rank_log
from grape_rewrite.rewards.reciprocal_rank import reciprocal_rank
from grape_rewrite.rewards.similarity import similarity

RANK_REWARDS: dict[str, Callable[..., npt.NDArray[np.float64]]] = {
    "rank_linear": rank_linear,
    "rank_log": rank_log,
    "reciprocal_rank": reciprocal_rank,
}
SCORE_REWARDS: dict[str, Callable[..., npt.NDArray[np.float64]]] = {"similarity": similarity}
REWARDS = (*RANK_REWARDS, *SCORE_REWARDS)


def reward(
    name: str, scores: npt.NDArray[np.floating], positives: Sequence[npt.NDArray[np.integer]]
) -> npt.NDArray[np.float64]:
    """Return the reward `name` of n rewrites.

    :param name: one of `REWARDS`.
    :param scores: (n, N) scores of every corpus item for each rewrite.
    :param positives: n arrays of column numbers, none empty.
    :raises KeyError: when there is no reward of that name.
    """
    if name in SCORE_REWARDS:
        return SCORE_REWARDS[name](scores, positives)
    competitors = scores.shape[1] - np.array([len(relevant) for relevant in positives])
    return RANK_REWARDS[name](best_positive_rank(scores, positives), competitors)


__all__ = [
    "RANK_REWARDS",
    "REWARDS",
    "SCORE_REWARDS",
    "best_positive_rank",
    "brevity",
    "rank_linear",
    "rank_log",
    "reciprocal_rank",
    "reward",
    "similarity",
    "well_formed",
]
