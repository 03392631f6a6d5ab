"""Texts, what they do not want, and pictures, mixed into what is searched with."""

import re

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

WITHOUT = re.compile(r"\s+without\s+", re.IGNORECASE)


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
