"""A reward that is sharp at the top of the ranking."""

import numpy as np
import numpy.typing as npt


def reciprocal_rank(ranks: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return `1 / rank`, in which the number of competitors does not appear.

    So it depends on the size of the corpus: the same text has a worse rank among more items, and earns less.

    >>> reciprocal_rank(np.array([1.0, 2.0, 4.0]))
    array([1.  , 0.5 , 0.25])

    :param ranks: (n,) ranks of at least 1, as `best_positive_rank` gives them.
    :return: (n,) rewards in (0, 1].
    """
    return 1 / np.asarray(ranks, dtype=np.float64)
