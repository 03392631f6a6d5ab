import logging
from pathlib import Path

import numpy as np
import pytest

from grape_rewrite.datasets import Corpus, Item
from grape_rewrite.errors import UserError
from grape_rewrite.index import embed
from grape_rewrite.retrievers import Retriever


def test_texts_images_and_both(clip: Retriever, paths: list[Path]) -> None:
    corpus = Corpus([Item("t", "red apple"), Item("i", None, paths[0]), Item("b", "blue boat", paths[1])])
    rows = clip.index(corpus).embeddings
    text, both_text = clip.embed_texts(["red apple", "blue boat"])
    image, both_image = clip.embed_images(paths[:2])
    mean = (both_text + both_image) / 2
    np.testing.assert_allclose(rows, [text, image, mean / np.linalg.norm(mean)], atol=2e-6)


def test_a_reader_takes_the_text_of_an_item_with_both(reader: Retriever, paths: list[Path]) -> None:
    corpus = Corpus([Item("b", "blue boat", paths[1])])
    np.testing.assert_allclose(reader.index(corpus).embeddings, reader.embed_texts(["blue boat"]), atol=2e-6)


def test_chunks_do_not_matter(
    clip: Retriever, text_corpus: Corpus, image_corpus: Corpus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    corpus = Corpus([*image_corpus, *text_corpus])
    whole = clip.index(corpus).embeddings
    monkeypatch.setattr(embed, "TEXTS", 7)
    monkeypatch.setattr(embed, "IMAGES", 3)
    np.testing.assert_allclose(clip.index(corpus, cache=tmp_path / "other").embeddings, whole, atol=2e-6)


def test_a_reader_is_refused_pictures_before_it_starts(reader: Retriever, paths: list[Path]) -> None:
    corpus = Corpus([Item("t", "red"), Item("seen", None, paths[0])])
    with pytest.raises(UserError, match="retriever tiny-reader reads text only, but corpus item 'seen' has only an"):
        reader.index(corpus)


def test_an_item_with_nothing_is_never_found(
    clip: Retriever, reader: Retriever, caplog: pytest.LogCaptureFixture
) -> None:
    corpus = Corpus([Item("x"), Item("y", "red apple"), Item("z")])
    for retriever in (clip, reader):
        caplog.clear()
        built = retriever.index(corpus)
        assert sorted(built.skipped) == [0, 2]
        assert built.unreadable == {}
        assert "2 of 3 items have neither a text nor an image and are never found" in caplog.text
        assert [id for id, _ in built.search(["moon"], k=3)[0]] == ["y"]
    with pytest.raises(UserError, match="no item of the corpus has a text or an image"):
        clip.index(Corpus([Item("x")]))


def test_an_empty_corpus(clip: Retriever) -> None:
    with pytest.raises(UserError, match="the corpus is empty"):
        clip.index(Corpus([]))


def test_long_texts_are_counted_also_when_the_cache_has_them(
    context: int, clip: Retriever, caplog: pytest.LogCaptureFixture
) -> None:
    corpus = Corpus([Item("a", "red"), Item("b", "red " * context), Item("c", "red " * 50)])
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            clip.index(corpus)
        assert f"2 corpus texts are longer than the {context} tokens that tiny-clip reads" in caplog.text


def test_an_unreadable_image_is_refused_by_default(clip: Retriever, image_corpus: Corpus, paths: list[Path]) -> None:
    paths[3].write_bytes(b"no image")
    with pytest.raises(UserError, match=r"corpus item 'i3': .*3\.png: not a readable image") as caught:
        clip.index(image_corpus)
    assert "max_unreadable=0" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_image_that_went_away_is_named(clip: Retriever, image_corpus: Corpus, paths: list[Path]) -> None:
    paths[2].unlink()
    with pytest.raises(UserError, match=r"2\.png: No such file or directory"):
        clip.index(image_corpus, max_unreadable=1)


def test_unreadable_images_within_the_share_are_named_and_skipped(
    clip: Retriever, image_corpus: Corpus, paths: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    expected = clip.embed_images(paths)
    for broken in (3, 7):
        paths[broken].write_bytes(b"no image")
    for _ in range(2):  # embedded, then from the cache
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            built = clip.index(image_corpus, max_unreadable=0.2)
        assert sorted(built.skipped) == [3, 7]
        assert "3.png" in caplog.text
        assert "7.png" in caplog.text
        assert "2 of 10 items have an unreadable image" in caplog.text
        assert not built.embeddings[[3, 7]].any()
        seen = [row for row in range(10) if row not in (3, 7)]
        np.testing.assert_allclose(built.embeddings[seen], expected[seen], atol=2e-6)
        found = built.search(["red"], k=10)[0]
        assert {id for id, _ in found} == {f"i{row}" for row in seen}
    with pytest.raises(UserError, match="1 of 10 items are allowed"):
        clip.index(image_corpus, max_unreadable=0.19)


def test_an_unreadable_image_with_a_text_is_found_by_its_text(clip: Retriever, paths: list[Path]) -> None:
    paths[0].write_bytes(b"no image")
    corpus = Corpus([Item("b", "red apple", paths[0]), Item("c", "moon", paths[1])])
    built = clip.index(corpus, max_unreadable=0.5)
    assert built.skipped == {}
    np.testing.assert_allclose(built.embeddings[:1], clip.embed_texts(["red apple"]), atol=2e-6)


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_a_share_outside_zero_and_one(clip: Retriever, text_corpus: Corpus, share: float) -> None:
    with pytest.raises(UserError, match="max_unreadable is"):
        clip.index(text_corpus, max_unreadable=share)
