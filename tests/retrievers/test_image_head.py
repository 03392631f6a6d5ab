"""The head, on made-up features: its formula against scikit-learn, and what must hold for any input."""

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge

from grape_rewrite.retrievers.image_head import INNER, RIDGE, TEMPERATURE, ImageHead, unit

LAYERS = [6, 4]


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    values = np.random.default_rng(0).normal(size=(40, sum(LAYERS))).astype(np.float32)
    return np.concatenate([np.abs(values[:, :6]), 10 * values[:, 6:]], axis=1)


@pytest.fixture(scope="module")
def names() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [unit(rng.normal(size=(rng.integers(1, 4), 8)) + 1) for _ in range(40)]


@pytest.fixture(scope="module")
def head(features, names) -> ImageHead:
    return ImageHead.fit(features[:30], LAYERS, names[:30])


def test_pictures_are_those_of_kernel_ridge_regression(head, features, names):
    values = features.astype(np.float64)
    values[:, :6] = np.sqrt(values[:, :6])
    values -= values[:30].mean(0)
    values[:, 6:] /= values[:30, 6:].std(0)
    layers = [unit(values[:, :6]).astype(float), unit(values[:, 6:]).astype(float)]
    cosines = (layers[0] @ layers[0].T + INNER * layers[1] @ layers[1].T) / (1 + INNER)
    kernel = np.exp((cosines - 1) / TEMPERATURE)
    targets = np.stack([np.average(head.names(rows), 0, [1] + [0.5] * (len(rows) - 1)) for rows in names[:30]])
    ridge = KernelRidge(alpha=RIDGE, kernel="precomputed").fit(kernel[:30, :30], targets - targets.mean(0))
    np.testing.assert_allclose(head.pictures(features[30:]), unit(ridge.predict(kernel[30:, :30])), atol=1e-4)


def test_names_are_centred_and_narrowed_but_keep_their_number_of_dimensions(head, names):
    moved = head.names(np.concatenate(names[:30]))
    assert moved.shape[1] == 8
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), 1, atol=1e-6)
    before, after = (np.linalg.eigvalsh(np.cov(rows.T)) for rows in (np.concatenate(names[:30]), moved))
    assert after[-1] / after[0] < before[-1] / before[0]
    assert np.linalg.norm(moved.mean(0)) < np.linalg.norm(np.concatenate(names[:30]).mean(0))


def test_the_matrix_for_names_is_symmetric(head):
    np.testing.assert_allclose(head.name_matrix, head.name_matrix.T, atol=1e-5)


def test_a_fitted_picture_lies_closest_to_its_own_name(head, features, names):
    scores = head.pictures(features[:30]) @ head.names(np.stack([rows[0] for rows in names[:30]])).T
    assert (scores.argmax(1) == np.arange(30)).mean() > 0.9


def test_it_is_the_same_after_saving(head, features, tmp_path):
    head.save(tmp_path / "head.safetensors")
    again = ImageHead.load(tmp_path / "head.safetensors")
    np.testing.assert_array_equal(again.pictures(features), head.pictures(features))


def test_a_zero_row_stays_zero():
    np.testing.assert_array_equal(unit(np.zeros((1, 3))), np.zeros((1, 3)))
