"""Pictures in words: the words are chosen as an independent search over all choices would choose them."""

import numpy as np
import pytest

from grape_rewrite.index.reading import REDUNDANCY, Reader
from grape_rewrite.retrievers import Retriever

WORDS = ["red", "green", "blue", "apple", "boat", "cat", "dog", "house", "key", "moon", "star", "tree"]


@pytest.mark.parametrize("count", [1, 3, 20])
def test_each_word_is_the_nearest_that_adds_something(clip: Retriever, paths, count: int) -> None:
    pictures = clip.embed_images(paths)
    near, alike = pictures @ clip.embed_texts(WORDS).T, clip.embed_texts(WORDS) @ clip.embed_texts(WORDS).T
    for row, said in enumerate(Reader(clip, WORDS)(pictures, count)):
        assert len(said) == len(set(said)) == min(count, len(WORDS))
        assert said[0] == WORDS[int(near[row].argmax())]
        for place in range(1, len(said)):
            before = [WORDS.index(word) for word in said[:place]]
            left = [at for at in range(len(WORDS)) if at not in before]
            worth = {at: near[row, at] - REDUNDANCY * max(alike[at, one] for one in before) for at in left}
            assert worth[WORDS.index(said[place])] == pytest.approx(max(worth.values()), abs=1e-6)


def test_nothing_is_said_of_no_picture(clip: Retriever, paths) -> None:
    pictures = clip.embed_images(paths[:2])
    pictures[0] = 0
    nothing, said = Reader(clip, WORDS)(pictures, 3)
    assert (nothing, len(said)) == ([], 3)


def test_the_vocabulary_is_what_the_retriever_knows_else_english(clip: Retriever, monkeypatch) -> None:
    monkeypatch.setattr(type(clip), "words", lambda self: ["moon", "red"])
    assert Reader(clip).vocabulary == ["moon", "red"]
    monkeypatch.setattr(type(clip), "words", lambda self: [])
    assert "house" in Reader(clip).vocabulary
    assert Reader(clip, ["one"]).vocabulary == ["one"]


def test_words_are_embedded_once_and_kept_for_the_next(clip: Retriever, paths, monkeypatch) -> None:
    pictures = clip.embed_images(paths)
    said = Reader(clip, WORDS)(pictures, 2)

    def refuse(self: Retriever, texts: list[str], **_: object) -> np.ndarray:
        raise AssertionError(f"{len(texts)} texts were embedded again")

    monkeypatch.setattr(type(clip), "embed_documents", refuse)
    assert Reader(clip, WORDS)(pictures, 2) == said
