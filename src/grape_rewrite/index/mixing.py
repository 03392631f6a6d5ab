"""Searching with a text and a picture together."""

import numpy as np
import numpy.typing as npt

PICTURE_WEIGHT = 0.4  # the best for what rewriters can reach on dev of `composed`; see docs/log.md


def mixed(texts: npt.NDArray[np.float32], pictures: npt.NDArray[np.float32], weight: float) -> npt.NDArray[np.float32]:
    """Return unit rows between texts and pictures; a text alone where the picture's row is zero.

    >>> mixed(np.float32([[1, 0], [1, 0]]), np.float32([[0, 1], [0, 0]]), 0.5)
    array([[0.70710677, 0.70710677],
           [1.        , 0.        ]], dtype=float32)

    :param texts: (n, d) unit rows.
    :param pictures: (n, d) unit rows, or zeros.
    :param weight: of the pictures, from 0 to 1.
    """
    has = pictures.any(axis=1)
    both = (1 - weight) * texts[has] + weight * pictures[has]
    found = texts.copy()
    found[has] = both / np.linalg.norm(both, axis=1, keepdims=True)
    return found
