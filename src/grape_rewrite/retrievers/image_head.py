"""The head of `lite-clip`: what makes pictures and names comparable."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

# Chosen by five-fold cross-validation among the pictures that the head is fitted on (see docs/log.md).
TEMPERATURE = 0.3  # of the kernel between pictures
RIDGE = 0.3  # penalty; a picture's kernel with itself is 1
WHITENING = 0.5  # exponent: 0 leaves the text space as it is, 1 makes it equally wide in all directions
SHRINKAGE = 0.5  # of the covariance of names towards the same variance in all directions
ALIAS = 0.5  # weight of a further name beside the first
INNER = 0.3  # weight of each inner layer beside the penultimate one


@dataclass(frozen=True)
class ImageHead:
    """Kernel ridge regression from features of pictures to names, in a partly whitened text space.

    A name is moved to `t = unit(W (n - c))`: centred, because names of drawings share a large common part, and with the
    wide directions of the text space narrowed. A picture is embedded at

        unit( sum_i k(x, x_i) a_i ),    k(x, x') = exp((cos(x, x') - 1) / T),    a = (K + ridge I)^-1 (t - mean t)

    with the cosine taken between centred features, layer by layer, and averaged over the layers. The kernel is local
    enough to copy the names of near neighbours and wide enough to put together what is far; see Saunders, Gammerman
    and Vovk, "Ridge Regression Learning Algorithm in Dual Variables", 1998, for the formula.
    """

    name_centre: Array
    """(d,) c."""
    name_matrix: Array
    """(d, d) W, symmetric."""
    feature_centre: Array
    """(w,)"""
    feature_scale: Array
    """(w,)"""
    layers: npt.NDArray[np.int64]
    """Widths of the layers, w in sum."""
    anchors: Array
    """(m, w) the fitted pictures x_i, scaled so that a dot product is the averaged cosine."""
    coefficients: Array
    """(m, d) a."""

    @staticmethod
    def fit(features: Array, layers: Sequence[int], names: Sequence[Array]) -> "ImageHead":
        """Fit on m pictures.

        :param features: (m, w) features; those of the first layer, the penultimate one, are not negative.
        :param layers: widths of the layers, w in sum.
        :param names: for each picture the (number of names, d) unit embeddings of its names, the main one first.
        """
        everything = np.concatenate(names).astype(np.float64)
        covariance = np.cov(everything.T)
        covariance += SHRINKAGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
        variances, directions = np.linalg.eigh(covariance)
        matrix = (directions * variances ** (-WHITENING / 2)) @ directions.T
        values = _tempered(features, layers)
        # Inner layers have channels of very different size; the penultimate layer's sizes carry meaning.
        scale = np.concatenate([np.ones(layers[0]), values[:, layers[0] :].std(0) + 1e-6])
        head = ImageHead(
            name_centre=everything.mean(0).astype(np.float32),
            name_matrix=matrix.astype(np.float32),
            feature_centre=values.mean(0),
            feature_scale=scale.astype(np.float32),
            layers=np.asarray(layers, dtype=np.int64),
            anchors=np.zeros((0, sum(layers)), dtype=np.float32),
            coefficients=np.zeros((0, everything.shape[1]), dtype=np.float32),
        )
        anchors = head._positions(features)
        targets = np.stack([_main_and_further(head.names(rows)) for rows in names]).astype(np.float64)
        kernel = _kernel(anchors, anchors).astype(np.float64) + RIDGE * np.eye(len(anchors))
        coefficients = np.linalg.solve(kernel, targets - targets.mean(0)).astype(np.float32)
        return ImageHead(**{**vars(head), "anchors": anchors, "coefficients": coefficients})

    def names(self, embeddings: Array) -> Array:
        """Move (n, d) unit embeddings of texts to where they are compared with pictures; unit rows."""
        return unit((embeddings - self.name_centre) @ self.name_matrix)

    def pictures(self, features: Array) -> Array:
        """Return (n, d) unit embeddings of pictures from their (n, w) features."""
        return unit(_kernel(self._positions(features), self.anchors) @ self.coefficients)

    def save(self, file: Path) -> None:
        """Write it as safetensors."""
        from safetensors.numpy import save_file

        save_file({name: np.ascontiguousarray(array) for name, array in vars(self).items()}, file)

    @staticmethod
    def load(file: Path) -> "ImageHead":
        """Read what `save` wrote."""
        from safetensors.numpy import load_file

        return ImageHead(**load_file(file))

    def _positions(self, features: Array) -> Array:
        values = (_tempered(features, self.layers) - self.feature_centre) / self.feature_scale
        weights = np.array([1.0] + [INNER] * (len(self.layers) - 1), dtype=np.float32)
        parts = np.split(values, np.cumsum(self.layers)[:-1], axis=1)
        shares = np.sqrt(weights / weights.sum())
        return np.concatenate([share * unit(part) for share, part in zip(shares, parts, strict=True)], axis=1)


def unit(rows: npt.NDArray[np.floating]) -> Array:
    """Return the rows divided by their lengths; a zero row stays zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _tempered(features: Array, layers: Sequence[int] | npt.NDArray[np.int64]) -> Array:
    """Return the features with the square root of the penultimate ones, so that a few strong channels do not rule."""
    return np.concatenate([np.sqrt(features[:, : layers[0]]), features[:, layers[0] :]], axis=1)


def _kernel(one: Array, other: Array) -> Array:
    return np.exp((one @ other.T - 1) / np.float32(TEMPERATURE))


def _main_and_further(names: Array) -> Array:
    weights = np.array([1.0] + [ALIAS] * (len(names) - 1))
    return np.asarray(weights @ names / weights.sum(), dtype=np.float32)
