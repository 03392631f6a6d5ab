"""A sample of the corpus that ranks can be computed against, without bias."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


class Pool(NamedTuple):
    """Candidates for one query: (M,) corpus rows, the positives first, and (M,) weights."""

    rows: Rows
    weights: npt.NDArray[np.float64]


def draw_pool(
    positives: npt.NDArray[np.integer],
    hard: npt.NDArray[np.integer],
    uniform: int,
    size: int,
    generator: np.random.Generator,
) -> Pool:
    """Take some hard items, and draw others uniformly to stand for the rest of the corpus.

    With m drawn from the n that are neither positive nor hard, each has the weight n / m, the hard ones 1. The expected
    rank against the pool is then the rank against the whole corpus (Horvitz and Thompson, JASA 1952).

    >>> draw_pool(np.array([3]), np.array([1, 3]), 2, 6, np.random.default_rng(0)).weights
    array([1., 1., 2., 2.])

    :param positives: corpus rows of the relevant items.
    :param hard: corpus rows that always compete; positives among them are left out.
    :param uniform: m, how many are drawn; all of the others where there are no more.
    :param size: items in the corpus.
    :param generator: the source of chance.
    :raises ValueError: when none are to be drawn though there are others: no weight could make up for them.
    """
    fixed = np.concatenate([positives, np.setdiff1d(hard, positives)]).astype(np.int64)
    others = np.delete(np.arange(size), fixed)
    if len(others) > 0 and uniform < 1:
        raise ValueError(f"{uniform} of {len(others)} other items are to be drawn; a rank needs at least 1 of them")
    drawn = others if uniform >= len(others) else generator.choice(others, uniform, replace=False)
    weight = len(others) / max(1, len(drawn))
    return Pool(np.concatenate([fixed, drawn]), np.concatenate([np.ones(len(fixed)), np.full(len(drawn), weight)]))
