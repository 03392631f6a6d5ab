"""What rewriting costs the queries that it makes worse."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Harm(NamedTuple):
    """The share of queries made worse, and the mean loss of reciprocal rank among them."""

    share: float
    loss: float


def harm(ranks: npt.NDArray[np.floating], reference: npt.NDArray[np.floating]) -> Harm:
    """Return how many queries a method ranks worse than the reference does, and how much they lose.

    >>> harm(np.array([1.0, 4.0]), np.array([2.0, 1.0]))
    Harm(share=0.5, loss=0.75)

    :param ranks: (n,) ranks of the method's rewrites, 1 being the best.
    :param reference: (n,) ranks of the same queries under the reference (raw).
    :return: the share in [0, 1], and the mean of 1 / reference - 1 / rank over those queries (0 when there are none).
    """
    worse = ranks > reference
    if not worse.any():
        return Harm(0.0, 0.0)
    return Harm(float(worse.mean()), float(np.mean(1 / reference[worse] - 1 / ranks[worse])))
