"""How a text, and the picture of the query that it stands for, become what is searched with."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

WITHOUT = re.compile(r"\s+without\s+", re.IGNORECASE)


@dataclass(frozen=True)
class Searching:
    """Settings of a search, the same for queries as they are, for rewrites and for rewards.

    :param picture_weight: the share of a query's own picture in what is searched with, from 0 (its text alone) to 1.
    :param picture_words: how many words for that picture a rewriter is told.
    :param without: how much of what a text says behind the word "without" is taken away from what it says before, from
        0 (the text is embedded as it is) to 1. A text encoder reads "lamp without bicycle" as both.
    """

    picture_weight: float = 0.4  # the best on dev for what untrained rewriters reach on `composed`; see docs/log.md
    picture_words: int = 0
    without: float = 0.0


def parts(text: str) -> tuple[str, str]:
    """Return what a text wants and what it does not, the latter empty where it does not say.

    >>> parts("lamp and tree without bicycle"), parts("lamp"), parts("without bicycle")
    (('lamp and tree', 'bicycle'), ('lamp', ''), ('without bicycle', ''))
    """
    wanted, *unwanted = WITHOUT.split(text.strip(), maxsplit=1)
    return wanted, unwanted[0] if unwanted else ""


def mixed(texts: Floats, pictures: Floats, weight: float) -> Floats:
    """Return unit rows between texts and pictures; a text alone where the picture's row is zero.

    >>> mixed(np.float32([[1, 0], [1, 0]]), np.float32([[0, 1], [0, 0]]), 0.5)
    array([[0.70710677, 0.70710677],
           [1.        , 0.        ]], dtype=float32)

    :param texts: (n, d) unit rows.
    :param pictures: (n, d) unit rows, or zeros.
    :param weight: of the pictures, from 0 to 1.
    """
    return _summed(texts, pictures, 1 - weight, weight)


def subtracted(wanted: Floats, unwanted: Floats, share: float) -> Floats:
    """Return unit rows that point away from what is not wanted; the others as they are where that row is zero.

    :param wanted: (n, d) unit rows.
    :param unwanted: (n, d) unit rows, or zeros.
    :param share: of what is not wanted, from 0 to 1.
    """
    return _summed(wanted, unwanted, 1.0, -share)


def _summed(first: Floats, second: Floats, weight: float, other: float) -> Floats:
    """Unit rows of the weighted sum where the second has a row that is not zero, and the sum a direction."""
    both = weight * first + other * second
    lengths = np.linalg.norm(both, axis=1, keepdims=True)
    chosen = second.any(axis=1) & (lengths[:, 0] > 1e-6)
    found = first.copy()
    found[chosen] = both[chosen] / lengths[chosen]
    return found
