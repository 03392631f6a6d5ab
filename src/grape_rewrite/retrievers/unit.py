"""Embeddings as unit vectors, so that a dot product is a cosine."""

import numpy as np
import numpy.typing as npt

from grape_rewrite.errors import UserError


def unit_rows(features: npt.NDArray[np.floating], name: str) -> npt.NDArray[np.float32]:
    """Return the rows divided by their lengths.

    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 2.0]]), "a retriever")
    array([[0.6, 0.8],
           [0. , 1. ]], dtype=float32)

    :param features: (n, d).
    :param name: the retriever's, for the message.
    :return: (n, d) float32, each row of length 1.
    :raises UserError: when a row is zero, infinite or not a number: such an embedding has no direction, and a score
        made from it would be no score.
    """
    features = np.asarray(features, dtype=np.float32)
    lengths = np.linalg.norm(features, axis=-1, keepdims=True)
    broken = ~(np.isfinite(lengths) & (lengths > 0))
    if broken.any():
        row = int(np.argmax(broken))
        raise UserError(
            f"retriever {name} gave an embedding of length {lengths[row, 0]} (input {row} of {len(features)}); "
            "its weights or their number format are broken, try another copy of the model"
        )
    return features / lengths
