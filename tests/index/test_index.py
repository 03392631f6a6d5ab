import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from grape_rewrite.datasets import Corpus, Item, Query, Split
from grape_rewrite.errors import UserError
from grape_rewrite.index import Index, index
from grape_rewrite.index.reading import Reader
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting.asked import Asked
from grape_rewrite.searching import Searching

QUERIES = ["red apple", "moon", "blue blue boat", "tree house star"]


def asking(texts: list[str], wanted: list[str], images: list[Path | None] | None = None) -> Split:
    """A split with one query for each text, which wants one item."""
    pictures = images or [None] * len(texts)
    queries = [Query(f"q{row}", text, image) for row, (text, image) in enumerate(zip(texts, pictures, strict=True))]
    return Split("test", queries, {query.id: {id: 1} for query, id in zip(queries, wanted, strict=True)})


def test_scores_are_cosines(clip: Retriever, text_corpus: Corpus, texts: list[str]) -> None:
    found = clip.index(text_corpus).scores(QUERIES)
    expected = cosine_similarity(
        clip._text_features(QUERIES), np.concatenate([clip._text_features([t]) for t in texts])
    )
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-6)


@pytest.mark.parametrize("k", [1, 5, 60, 100])
def test_search_equals_sorting_all_scores(clip: Retriever, text_corpus: Corpus, k: int) -> None:
    built = clip.index(text_corpus)
    scores = built.scores(QUERIES)
    for row, found in enumerate(built.search(QUERIES, k)):
        order = np.argsort(-scores[row], kind="stable")[:k]
        assert [id for id, _ in found] == [f"t{number}" for number in order]
        np.testing.assert_array_equal([score for _, score in found], scores[row][order])


def test_equal_items_come_in_the_order_of_the_corpus(clip: Retriever) -> None:
    corpus = Corpus(Item(id, text="red apple") for id in "zyxwv")
    assert [id for id, _ in clip.index(corpus).search(["red apple"], k=3)[0]] == ["z", "y", "x"]


def test_many_queries_are_searched_in_slabs(
    clip: Retriever, text_corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = clip.index(text_corpus)
    whole = built.search(QUERIES, 4)
    monkeypatch.setattr(index, "SLAB", 1)
    assert [[id for id, _ in found] for found in built.search(QUERIES, 4)] == [[id for id, _ in row] for row in whole]


def test_no_queries(clip: Retriever, text_corpus: Corpus) -> None:
    built = clip.index(text_corpus)
    assert built.search([]) == []
    assert built.scores([]).shape == (0, 60)
    assert len(built) == 60


@pytest.mark.parametrize("k", [0, -3])
def test_k_below_one_is_refused(clip: Retriever, text_corpus: Corpus, k: int) -> None:
    with pytest.raises(UserError, match=f"k is {k}"):
        clip.index(text_corpus).search(["red"], k)


def test_a_skipped_item_never_wins_and_is_never_found(clip: Retriever) -> None:
    corpus = Corpus(Item(str(number), text="?") for number in range(3))
    query = clip.embed_texts(["red apple"])[0]
    # The worst of all items, and one that is skipped, which a plain product would score 0: higher.
    built = Index(clip, corpus, np.stack([-query, np.zeros_like(query), -query]), {1: "broken"})
    np.testing.assert_allclose(built.scores(["red apple"]), [[-1, -1, -1]], atol=1e-6)
    assert [id for id, _ in built.search(["red apple"], k=3)[0]] == ["0", "2"]


@pytest.mark.parametrize("slab", [2**26, 1])
def test_what_is_excluded_is_as_if_it_were_not_there(
    clip: Retriever, text_corpus: Corpus, slab: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "SLAB", slab)
    built = clip.index(text_corpus)
    excluded = [np.array([first]) for first in built.top(QUERIES, 1)[:, 0]]
    excluded[2] = np.zeros(0, dtype=np.int64)
    top = built.top(QUERIES, 5, excluded)
    for row, text in enumerate(QUERIES):
        rest = [item for item in text_corpus if text_corpus.position[item.id] not in excluded[row]]
        alone = clip.index(Corpus(rest))
        assert [text_corpus.ids[item] for item in top[row]] == [id for id, _ in alone.search([text], 5)[0]]


def test_long_queries_are_counted_and_logged_once(
    context: int, clip: Retriever, text_corpus: Corpus, caplog: pytest.LogCaptureFixture
) -> None:
    built = clip.index(text_corpus)
    with caplog.at_level(logging.WARNING):
        built.scores(["red " * (context - 2), "red"])
        assert (built.truncated_queries, caplog.text) == (0, "")
        built.scores(["red " * (context - 1), "red"])
        built.search(["red " * context, "moon " * context])
    assert built.truncated_queries == 3
    assert len(caplog.records) == 1
    assert f"1 of 2 queries are longer than the {context} tokens that tiny-clip reads" in caplog.text


def test_the_fingerprint_is_of_retriever_and_corpus(clip: Retriever, reader: Retriever, text_corpus: Corpus) -> None:
    prints = {
        clip.index(text_corpus).fingerprint(),
        clip.index(Corpus(text_corpus[:-1])).fingerprint(),
        reader.index(text_corpus).fingerprint(),
    }
    assert len(prints) == 3
    assert clip.index(text_corpus).fingerprint() in prints


def test_embeddings_of_the_wrong_shape_are_a_bug(clip: Retriever, text_corpus: Corpus) -> None:
    with pytest.raises(ValueError, match=r"\(2, 8\) for 60 items in 8 dimensions"):
        Index(clip, text_corpus, np.zeros((2, 8), dtype=np.float32))


def test_an_embedding_that_is_no_number_is_refused(
    clip: Retriever, text_corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = clip.index(text_corpus)
    real = clip.embed_texts(["red", "moon"])
    real[1, 0] = np.nan
    monkeypatch.setattr(type(clip), "embed_texts", lambda self, texts, **_: real)
    with pytest.raises(UserError, match="gives no finite embedding for 'moon'"):
        built.ranks(["red", "moon"], asking(["red", "moon"], text_corpus.ids[:2]))


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_a_querys_picture_is_mixed_in_and_not_found(
    clip: Retriever, image_corpus: Corpus, paths: list[Path], weight: float
) -> None:
    built = clip.index(image_corpus)
    built.searching = Searching(picture_weight=weight)
    texts, images = ["red apple", "moon", "moon"], [paths[3], None, paths[5]]
    split = asking(texts, ["i1", "i1", "i5"], images)  # the last one wants its own picture, which so is not excluded
    plain, seen = clip.embed_texts(texts), clip.embed_images([paths[3], paths[5]])
    expected = plain.copy()
    for row, picture in zip((0, 2), seen, strict=True):
        both = (1 - weight) * plain[row] + weight * picture
        expected[row] = both / np.linalg.norm(both)
    found = built.embed(texts, split.queries)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    scores = cosine_similarity(expected, built.embeddings)
    scores[0, 3] = -2
    ranks = [int((row >= row[item]).sum()) for row, item in zip(scores, (1, 1, 5), strict=True)]
    assert built.ranks(texts, split).tolist() == ranks
    excluded = split.excluded(image_corpus)
    assert [rows.tolist() for rows in excluded] == [[3], [], []]
    assert built.top(texts, 10, excluded, split.queries).tolist() == np.argsort(-scores, kind="stable").tolist()


def test_a_picture_that_is_not_searched_is_embedded_once(
    clip: Retriever, image_corpus: Corpus, paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = clip.index(Corpus(image_corpus[:5]))
    query = Query("q", "red", paths[7])
    np.testing.assert_allclose(
        built.pictures([query, Query("r", "red")])[0], clip.embed_images([paths[7]])[0], atol=1e-6
    )
    monkeypatch.setattr(type(clip), "embed_images", None)
    assert built.pictures([Query("r", "red"), query])[0].tolist() == [0.0] * clip.dimension
    assert built.pictures([Query("r", "red")]) is None


def test_a_rewriter_is_asked_with_what_the_picture_shows(
    clip: Retriever, image_corpus: Corpus, paths: list[Path]
) -> None:
    built = clip.index(image_corpus)
    built.reader, built.searching = Reader(clip, ["moon", "red", "boat", "cat"]), Searching(picture_words=2)
    [seen] = built.reader(clip.embed_images([paths[2]]), 2)
    queries = [Query("q", "rather a dog", paths[2]), Query("r", "a tree")]
    told = Asked("rather a dog", tuple(seen))
    assert told.text == f"{seen[0]}, {seen[1]}; rather a dog"
    assert built.asked(queries) == [told, Asked("a tree")]
    assert built.asked(queries, sees=True) == [told._replace(picture=paths[2]), Asked("a tree")]
    assert built.asked(queries[1:]) == [Asked("a tree")]
    built.searching = Searching(picture_words=0)
    assert built.asked(queries) == [Asked("rather a dog"), Asked("a tree")]


def test_a_picture_needs_an_image_tower(reader: Retriever, text_corpus: Corpus, paths: list[Path]) -> None:
    with pytest.raises(UserError, match="reads text only"):
        reader.index(text_corpus).embed(["red"], [Query("q", "red", paths[0])])


def test_a_split_that_searches_a_part_is_as_if_nothing_else_was_there(
    clip: Retriever, image_corpus: Corpus, paths: list[Path]
) -> None:
    built = clip.index(image_corpus)
    built.searching = Searching(picture_weight=0.25)
    split = replace(asking(["red", "moon"], ["i8", "i2"], [paths[3], None]), searched=("i8", "i3", "i2", "i5"))
    part = built.of(split)
    alone = clip.index(Corpus(image_corpus[row] for row in (2, 3, 5, 8)))
    alone.searching = Searching(picture_weight=0.25)
    assert part.corpus.ids == alone.corpus.ids
    assert part.ranks(["red", "moon"], split).tolist() == alone.ranks(["red", "moon"], split).tolist()
    [found], [expected] = (index.search(["red"], 10) for index in (part, alone))
    assert [id for id, _ in found] == [id for id, _ in expected]
    # Pictures are embedded in other batches there, which a library may round otherwise.
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1e-5)
    assert built.of(split) is part
    built.searching = Searching(picture_weight=1.0)
    assert built.of(split).searching.picture_weight == 1.0
    assert built.of(replace(split, searched=None)) is built
    again = built.of(split)
    assert again.of(split) is again
    otherwise = built.searched(picture_weight=0.0).of(split)
    assert (otherwise.searching.picture_weight, again.searching.picture_weight) == (0.0, 1.0)


def test_skipped_items_of_a_part_stay_skipped(clip: Retriever) -> None:
    corpus = Corpus(Item(str(row), text=f"red {row}") for row in range(4))
    built = Index(clip, corpus, clip.embed_texts(["a", "b", "c", "d"]), {2: "broken"})
    part = built.of(replace(asking(["a"], ["1"]), searched=("1", "2")))
    assert part.skipped == {1: "broken"}
    assert part.unreadable == {}
    assert [id for id, _ in part.search(["a"], 5)[0]] == ["1"]


def test_a_picture_that_could_not_be_read_leaves_the_text_alone(
    clip: Retriever, image_corpus: Corpus, paths: list[Path]
) -> None:
    paths[3].write_text("broken")
    built = clip.index(image_corpus, max_unreadable=0.5)
    assert list(built.skipped) == [3]
    queries = [Query("q", "red", paths[3]), Query("r", "red", paths[4])]
    found = built.embed(["red", "red"], queries)
    np.testing.assert_allclose(found[0], clip.embed_texts(["red"])[0], atol=1e-6)
    assert not np.allclose(found[0], found[1], atol=1e-3)


def test_a_broken_picture_of_an_item_with_a_text_is_no_picture_of_a_query(clip: Retriever, paths: list[Path]) -> None:
    paths[0].write_text("broken")
    built = clip.index(Corpus([Item("a", "moon", paths[0]), Item("b", "star", paths[1])]), max_unreadable=0.5)
    assert (list(built.skipped), list(built.unreadable)) == ([], [0])
    query = Query("q", "red", paths[0])
    part = built.of(replace(asking(["q"], ["b"]), searched=("a",)))
    for asked_of in (built.searched(picture_words=2), part.searched(picture_words=2)):
        np.testing.assert_allclose(asked_of.embed(["red"], [query]), clip.embed_texts(["red"]), atol=1e-6)
        assert asked_of.readable([query]) == [None]
        [asked] = asked_of.asked([query], sees=True)
        assert (asked.words, asked.picture) == ((), None)


def test_a_retriever_that_only_reads_searches_by_the_text_alone(
    reader: Retriever, text_corpus: Corpus, paths: list[Path]
) -> None:
    built = reader.index(text_corpus).searched(picture_weight=0.0)
    query = Query("q", "red", paths[0])
    np.testing.assert_allclose(built.embed(["red"], [query]), reader.embed_texts(["red"]), atol=1e-6)
