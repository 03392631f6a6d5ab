"""A reward of one's own: the first page of results is what counts, and words cost.

grape train DATA --reward examples.own_reward:first_page --out runs/first-page
"""

from collections.abc import Sequence

import numpy as np

from grape_rewrite.rewards import Candidates


def first_page(rewrites: Sequence[str], candidates: Candidates) -> np.ndarray:
    """Return 1 where the right item is among the first ten, less a hundredth for each word.

    :param rewrites: n texts.
    :param candidates: their ranks (`.ranks`), and the scores, positives and weights that these come from.
    :return: (n,) rewards; only differences between rewrites of one query matter.
    """
    words = np.array([len(rewrite.split()) for rewrite in rewrites])
    return (candidates.ranks <= 10) - 0.01 * words
