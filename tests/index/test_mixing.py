"""What is searched with: texts, pictures, and what is not wanted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.datasets import Corpus
from grape_rewrite.index.mixing import mixed, parts, subtracted
from grape_rewrite.retrievers import Retriever
from grape_rewrite.searching import Searching


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_rows_have_length_one_and_lie_between(seed: int, weight: float) -> None:
    chance = np.random.default_rng(seed)
    texts, pictures = unit(chance.normal(size=(5, 6))), unit(chance.normal(size=(5, 6)))
    pictures[2] = 0
    for found, other, sign in (
        (mixed(texts, pictures, weight), 1 - weight, 1),
        (subtracted(texts, pictures, weight), 1, -1),
    ):
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
        assert found[2].tolist() == texts[2].tolist()
        sums = (other * texts + sign * weight * pictures)[[0, 1, 3, 4]]
        expected = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        np.testing.assert_allclose(found[[0, 1, 3, 4]], expected, atol=1e-4)


def test_what_takes_all_away_leaves_the_text() -> None:
    texts = np.eye(3, dtype=np.float32)
    assert subtracted(texts, texts, 1.0).tolist() == texts.tolist()


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("lamp without bicycle", "lamp", "bicycle"),
        ("A lamp  Without a bicycle without wheels", "A lamp", "a bicycle without wheels"),
        ("withoutdoors without", "withoutdoors without", ""),
        ("without lamp", "without lamp", ""),
        ("", "", ""),
    ],
)
def test_what_a_text_does_not_want(text: str, wanted: str, unwanted: str) -> None:
    assert parts(text) == (wanted, unwanted)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_what_is_not_wanted_is_taken_away(clip: Retriever, text_corpus: Corpus, share: float) -> None:
    built = clip.index(text_corpus)
    built.searching = Searching(without=share)
    texts = ["red apple without moon", "blue boat"]
    plain = clip.embed_texts(["red apple", "moon", "blue boat", texts[0]])
    expected = np.stack([plain[3] if share == 0 else plain[0] - share * plain[1], plain[2]])
    np.testing.assert_allclose(built.embed(texts), unit(expected), atol=1e-5)
    if share:
        moon, with_it = (
            built.cosines(rows) @ np.ones(len(text_corpus)) for rows in (built.embed(texts[:1]), plain[3:])
        )
        assert not np.allclose(moon, with_it)
