"""Composed queries: a text and a picture are searched with together."""

from dataclasses import replace

import numpy as np
import pytest

from grape_rewrite.datasets import Corpus, Query
from grape_rewrite.index import Index
from grape_rewrite.searching import Searching
from grape_rewrite.strategies import (
    Ask,
    EmbeddedAsks,
    Generations,
    Greedy,
    Pictured,
    Raw,
    embed_asks,
    search_asks,
    strategy_of,
)


def asked(asks: list[Ask], index: Index, queries: list[Query]) -> np.ndarray:
    return EmbeddedAsks(asks, index, embed_asks(asks, index), queries).vectors


def test_the_picture_counts_as_much_as_the_index_says(composed: list[Query], composed_index: Index) -> None:
    asks = Raw()(composed, composed_index)
    for weight in (0.0, 0.25, 1.0):
        composed_index.searching = Searching(picture_weight=weight)
        expected = composed_index.embed([query.text for query in composed], composed)
        np.testing.assert_allclose(asked(asks, composed_index, composed), expected, atol=1e-6)
        composed_index.searching = Searching(picture_weight=0.6)
        pictured = Pictured(Raw(), weight)(composed, composed_index)
        np.testing.assert_allclose(asked(pictured, composed_index, composed), expected, atol=1e-6)


def test_a_picture_alone_finds_what_is_nearest_to_it(composed: list[Query], composed_index: Index) -> None:
    asks = Pictured(Raw(), 1.0)(composed, composed_index)
    near = composed_index.embeddings @ composed_index.embeddings.T
    for query, found in zip(composed, search_asks(asks, composed_index, 3, composed), strict=True):
        row = composed_index.corpus.position[f"p{query.image.stem}"]
        others = [int(item) for item in np.argsort(-near[row], kind="stable") if item != row]
        assert [id for id, _ in found] == [f"p{item}" for item in others[:3]]


def test_several_texts_are_each_beside_the_picture_when_ranks_are_fused(
    composed: list[Query], composed_index: Index
) -> None:
    """With the picture alone all rankings are one, whatever the texts are."""
    ask = Ask(("red", "moon"), picture_weight=1.0)
    alone = [id for id, _ in search_asks([ask], composed_index, 16, composed[:1])[0]]
    fused = [id for id, _ in search_asks([replace(ask, by_rank=True)], composed_index, 16, composed[:1])[0]]
    assert fused == alone


def test_a_rewriter_is_told_what_the_picture_shows(
    generations: Generations, composed: list[Query], composed_index: Index
) -> None:
    composed_index.searching = Searching(picture_words=3)
    found = Greedy(generations)(composed, composed_index)
    told = generations.greedy(composed_index.asked(composed))
    assert [ask.texts for ask in found] == [made.texts for made in told]


@pytest.mark.parametrize("spec", ["confident-3", "agreement-4", "sure-0.05:greedy", "worthwhile-0:greedy"])
def test_what_is_never_found_decides_nothing(
    spec: str, generations: Generations, composed: list[Query], composed_index: Index
) -> None:
    """A strategy asks the same whether a query's own picture is among what is searched or not."""
    whole = composed_index.searched(picture_weight=0.7)
    for query in composed[:4]:
        own = f"p{query.image.stem}"
        rest = [item for item in whole.corpus if item.id != own]
        alone = whole.retriever.index(Corpus(rest)).searched(picture_weight=0.7)
        texts = [strategy_of(spec, generations)([query], index)[0].texts for index in (whole, alone)]
        assert texts[0] == texts[1]


def test_a_gate_searches_with_the_picture_as_the_strategy_does(
    generations: Generations, composed: list[Query], composed_index: Index
) -> None:
    """With the picture alone the rewrite changes nothing, and so is never worthwhile."""
    asks = strategy_of("worthwhile-0:greedy+image-1", generations)(composed, composed_index)
    assert [ask.texts for ask in asks] == [(query.text,) for query in composed]
    assert {ask.picture_weight for ask in asks} == {1.0}
