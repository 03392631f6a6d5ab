"""Several comparisons at once: p-values adjusted so that the chance of a single false finding stays what it is."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def holm(p: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return the p-values adjusted by Holm's step-down method (Scandinavian Journal of Statistics, 1979).

        p_(i) adjusted = max over j <= i of min(1, (m - j + 1) p_(j)),    p_(1) <= ... <= p_(m)

    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])

    :param p: m p-values in [0, 1].
    :return: (m,) adjusted p-values, in the same order.
    :raises ValueError: when a value is no probability.
    """
    values = np.asarray(p, dtype=np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"{list(p)} are no p-values: each must lie between 0 and 1")
    order = np.argsort(values, kind="stable")
    steps = (len(values) - np.arange(len(values))) * values[order]
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1) if len(values) else steps
    return adjusted
