from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from grape_rewrite.datasets.scene import AND, caption, compose, ring


@given(st.integers(1, 6), st.integers(0, 20), st.integers())
def test_in_a_ring_everything_is_in_the_same_number_of_pairs(reach: int, more: int, salt: int) -> None:
    ids = [f"{salt}-{number}" for number in range(2 * reach + 1 + more)]
    pairs = ring(ids, reach)
    assert len(pairs) == reach * len(ids)
    assert len({frozenset(pair) for pair in pairs}) == len(pairs)
    assert all(first != second for first, second in pairs)
    assert Counter(id for pair in pairs for id in pair) == dict.fromkeys(ids, 2 * reach)


def test_a_ring_does_not_depend_on_the_order_of_the_ids() -> None:
    ids = [str(number) for number in range(30)]
    assert ring(ids, 3) == ring(ids[::-1], 3)


def test_which_of_a_pair_comes_first_is_chance() -> None:
    pairs = ring([f"{number:03}" for number in range(300)], 2)
    assert sum(first < second for first, second in pairs) / len(pairs) == pytest.approx(0.5, abs=0.1)


def test_a_scene_shows_both_drawings_in_their_places(tmp_path: Path) -> None:
    files = []
    for name, colour in (("red", (255, 0, 0)), ("blue", (0, 0, 255))):
        drawing = Image.new("RGB", (224, 224), "white")
        drawing.paste(colour, (22, 22, 202, 202))
        files.append(tmp_path / f"{name}.png")
        drawing.save(files[-1])
    scene = np.asarray(compose(*files))
    assert scene.shape == (224, 224, 3)
    for channel, corner in ((0, (0, 0)), (2, (99, 99))):
        ink = (scene[..., channel] > 200) & (scene[..., 2 - channel] < 50)
        rows, columns = np.nonzero(ink)
        side = 0.56 * 180
        assert np.ptp(rows) == pytest.approx(side, abs=3)
        assert np.ptp(columns) == pytest.approx(side, abs=3)
        assert (rows.min(), columns.min()) == pytest.approx(np.add(corner, 0.56 * 22), abs=3)


def test_the_paper_of_one_drawing_hides_nothing_of_the_other(tmp_path: Path) -> None:
    files = [tmp_path / "black.png", tmp_path / "white.png"]
    for file in files:
        Image.new("RGB", (224, 224), file.stem).save(file)
    for order, corner in ((files, slice(0, 125)), (files[::-1], slice(99, 224))):
        black = np.asarray(compose(*order)).max(axis=2) == 0
        assert black[corner, corner].all()
        assert black.sum() == 125**2


@pytest.mark.parametrize("language", sorted(AND))
def test_a_caption_holds_both_names_in_order(language: str) -> None:
    text = caption("Alpha", "Beta", language)
    assert text.startswith("Alpha")
    assert text.endswith("Beta")
    assert text[5:-4].strip()


@pytest.mark.parametrize(
    ("first", "second", "language", "expected"),
    [
        ("나무", "책", "ko", "나무와 책"),
        ("책", "나무", "ko", "책과 나무"),
        ("OK", "책", "ko", "OK와 책"),
        ("sol", "casa", "es", "sol y casa"),
        ("sol", "hielo", "es", "sol y hielo"),
        ("sol", "hilo", "es", "sol e hilo"),
        ("sol", "Iglú", "es", "sol e Iglú"),
    ],
)
def test_and_agrees_with_its_neighbours(first: str, second: str, language: str, expected: str) -> None:
    assert caption(first, second, language) == expected


def test_a_language_without_a_word_for_and_is_an_error() -> None:
    with pytest.raises(KeyError):
        caption("a", "b", "tlh")
