"""What each strategy asks, on a tiny model and a tiny index."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grape_rewrite.datasets import Query
from grape_rewrite.index import Index
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.strategies import (
    Ask,
    EmbeddedAsks,
    ForLanguages,
    Generations,
    Greedy,
    Interpolated,
    MostConfident,
    Query2doc,
    Raw,
    Sampled,
    Sure,
    UntilAgreement,
    Worthwhile,
    embed_asks,
    search_asks,
)
from grape_rewrite.strategies.confidence import confidence
from grape_rewrite.strategies.fusion import reciprocal_rank_fusion

Queries = list[Query]
EVERY: dict[str, Callable[[Generations], object]] = {
    "raw": lambda _: Raw(),
    "greedy": Greedy,
    "mean": lambda made: Sampled(made, 3),
    "rrf": lambda made: Sampled(made, 3, by_rank=True),
    "hyde": lambda made: Interpolated(Sampled(made, 3), 0.25),
    "confident": lambda made: MostConfident(made, 3),
    "agreement": lambda made: UntilAgreement(made, 4),
    "query2doc": Query2doc,
    "interpolated": lambda made: Interpolated(Greedy(made)),
    "sure": lambda made: Sure(Greedy(made), 0.2),
    "language": lambda made: ForLanguages(Greedy(made), frozenset({"de"})),
    "worthwhile": lambda made: Worthwhile(Greedy(made)),
}


@pytest.mark.parametrize("name", EVERY)
def test_one_ask_for_each_query_the_same_each_time(
    name: str, generations: Generations, queries: Queries, tiny_index: Index
) -> None:
    strategy = EVERY[name](generations)
    asks = strategy(queries, tiny_index)
    assert len(asks) == len(queries)
    assert all(text.strip() for ask in asks for text in ask.texts)
    assert strategy(queries, tiny_index) == asks
    again = EVERY[name](Generations(generations.rewriter, temperature=1.0, seed=5))(queries, tiny_index)
    assert [ask.texts for ask in again] == [ask.texts for ask in asks]
    assert strategy([], tiny_index) == []


def test_greedy_is_the_likeliest_rewrite(
    rewriter: Rewriter, generations: Generations, queries: Queries, tiny_index: Index
) -> None:
    asks = Greedy(generations)(queries, tiny_index)
    texts = [query.text for query in queries]
    assert [ask.texts for ask in asks] == [(text,) for text in rewriter.likeliest(texts)]
    assert all(ask.tokens > 0 and ask.seconds > 0 for ask in asks)
    assert [ask.texts for ask in Raw()(queries, tiny_index)] == [(text,) for text in texts]
    assert all(ask.tokens == ask.seconds == 0 for ask in Raw()(queries, tiny_index))


def test_rewrites_are_made_once(generations: Generations, queries: Queries, tiny_index: Index, monkeypatch) -> None:
    first = Sampled(generations, 3)(queries, tiny_index)
    monkeypatch.setattr(generations.rewriter, "generate", None)  # nothing is left to ask it for
    assert Sampled(generations, 3)(queries, tiny_index) == first
    assert {ask.texts[0] for ask in MostConfident(generations, 3)(queries, tiny_index)} <= {
        text for ask in first for text in ask.texts
    }


def test_samples_and_the_query_beside_them(generations: Generations, queries: Queries, tiny_index: Index) -> None:
    plain = Sampled(generations, 3)(queries, tiny_index)
    beside = Interpolated(Sampled(generations, 3), 0.25)(queries, tiny_index)
    for query, one, other in zip(queries, plain, beside, strict=True):
        assert len(one.texts) == 3
        assert other.texts == (*one.texts, query.text)
        assert other.weights == pytest.approx([0.25] * 4)  # HyDE: all alike
        assert (one.tokens, one.seconds) == (other.tokens, other.seconds)
    assert any(len(set(ask.texts)) > 1 for ask in plain)


def test_the_most_confident_sample_is_chosen(generations: Generations, queries: Queries, tiny_index: Index) -> None:
    chosen, all_of_them = (
        MostConfident(generations, 4)(queries, tiny_index),
        Sampled(generations, 4)(queries, tiny_index),
    )
    for one, ask in zip(chosen, all_of_them, strict=True):
        best = confidence(tiny_index.slabs(tiny_index.embed(ask.texts))).max()
        assert confidence(tiny_index.slabs(tiny_index.embed(one.texts)))[0] == pytest.approx(best)
        assert one.tokens == ask.tokens


def test_confidence_is_how_far_the_best_stands_out(tiny_index: Index) -> None:
    texts = ["red apple", "red", "moon"]
    for text, found in zip(texts, confidence(tiny_index.slabs(tiny_index.embed(texts))), strict=True):
        scores = [score for _, score in tiny_index.search([text], 11)[0]]
        assert found == pytest.approx(scores[0] - np.mean(scores[1:]), abs=1e-6)


def test_what_cannot_be_found_takes_nothing_from_confidence() -> None:
    scores = np.array([[0.9, 0.5, -1.0], [0.9, -1.0, -1.0]])
    assert confidence([(slice(0, 2), scores)]) == pytest.approx([0.4, 0.0])


def test_more_samples_are_made_where_they_disagree(
    generations: Generations, queries: Queries, tiny_index: Index
) -> None:
    asks = UntilAgreement(generations, 8)(queries, tiny_index)
    counts = [len(ask.texts) for ask in asks]
    assert set(counts) <= {2, 4, 8}
    assert len(set(counts)) > 1
    for ask in asks:
        first = {tiny_index.search([text], 1)[0][0][0] for text in ask.texts}
        assert len(ask.texts) == 8 or len(set(ask.texts)) == 1 or len(first) == 1
    assert np.mean([ask.tokens for ask in asks if len(ask.texts) == 8]) > np.mean(
        [ask.tokens for ask in asks if len(ask.texts) == 2]
    )


def test_expansion_and_interpolation(generations: Generations, queries: Queries, tiny_index: Index) -> None:
    greedy = [ask.texts[0] for ask in Greedy(generations)(queries, tiny_index)]
    for query, rewrite, one, two in zip(
        queries,
        greedy,
        Query2doc(generations)(queries, tiny_index),
        Interpolated(Interpolated(Greedy(generations), 0.5), 0.2)(queries, tiny_index),
        strict=True,
    ):
        assert one.texts == (f"{query.text} {rewrite}",)
        assert two.texts == (rewrite, query.text, query.text)
        assert two.weights == pytest.approx([0.4, 0.4, 0.2])


def test_sure_queries_are_left_alone_at_no_cost(generations: Generations, queries: Queries, tiny_index: Index) -> None:
    english = [replace(query, text=query.reference or "") for query in queries[:4]]
    mixed = [*english, *queries[4:]]
    english_vectors = tiny_index.embed([query.text for query in english])
    threshold = float(confidence(tiny_index.slabs(english_vectors)).min()) - 1e-5  # rounding
    for query, ask in zip(mixed, Sure(Greedy(generations), threshold)(mixed, tiny_index), strict=True):
        left = confidence(tiny_index.slabs(tiny_index.embed([query.text])))[0] >= threshold
        assert (ask == Ask((query.text,))) == left
    assert all(Sure(Greedy(generations), threshold)(english, tiny_index)[row].tokens == 0 for row in range(4))


def test_known_languages_are_left_alone(generations: Generations, queries: Queries, tiny_index: Index) -> None:
    for query, ask in zip(
        queries, ForLanguages(Greedy(generations), frozenset({"de"}))(queries, tiny_index), strict=True
    ):
        assert (ask.tokens == 0) == (query.language == "de")


def test_what_does_not_stand_out_is_not_taken(generations: Generations, queries: Queries, tiny_index: Index) -> None:
    # The retriever knows the English words and no others, so the former stand out as they are.
    queries = [*(replace(query, text=query.reference or "") for query in queries[:4]), *queries[4:]]
    tried = Greedy(generations)(queries, tiny_index)
    raw = confidence(tiny_index.slabs(tiny_index.embed([query.text for query in queries])))
    gained = confidence(tiny_index.slabs(tiny_index.embed([ask.texts[0] for ask in tried]))) - raw
    threshold = float(gained.min() + gained.max()) / 2
    asks = Worthwhile(Greedy(generations), threshold)(queries, tiny_index)
    for query, attempt, gain, ask in zip(queries, tried, gained, asks, strict=True):
        assert ask.texts == (attempt.texts if gain > threshold else (query.text,))
        assert ask.tokens == attempt.tokens  # trying is what costs
    assert 0 < sum(ask.texts == attempt.texts for ask, attempt in zip(asks, tried, strict=True)) < len(asks)


def test_a_gate_judges_all_that_is_asked(generations: Generations, queries: Queries, tiny_index: Index) -> None:
    """Not only the first of several samples."""
    tried = Sampled(generations, 4)(queries, tiny_index)
    asked = EmbeddedAsks(tried, tiny_index, embed_asks(tried, tiny_index))
    raw = confidence(tiny_index.slabs(tiny_index.embed([query.text for query in queries])))
    gained = confidence(asked.slabs()) - raw
    threshold = float(gained.min() + gained.max()) / 2
    asks = Worthwhile(Sampled(generations, 4), threshold)(queries, tiny_index)
    assert [len(ask.texts) == 4 for ask in asks] == (gained > threshold).tolist()
    assert 0 < sum(gained > threshold) < len(asks)


@pytest.mark.parametrize("name", EVERY)
def test_every_strategy_takes_composed_queries(
    name: str, generations: Generations, composed: list[Query], composed_index: Index
) -> None:
    asks = EVERY[name](generations)(composed, composed_index)
    assert len(asks) == len(composed)
    hits = search_asks(asks, composed_index, 20, composed)
    for query, found in zip(composed, hits, strict=True):
        assert query.image is not None
        assert f"p{query.image.stem}" not in [id for id, _ in found]
        assert len(found) == len(composed_index) - 1


@pytest.mark.parametrize("most", [1, 2, 3, 8])
def test_no_more_samples_than_allowed(generations: Generations, queries: Queries, tiny_index: Index, most: int) -> None:
    asks = UntilAgreement(generations, most)(queries, tiny_index)
    assert max(len(ask.texts) for ask in asks) == most
    # What was made in an earlier round is kept, and the later rounds are others.
    first = UntilAgreement(generations, min(most, 2))(queries, tiny_index)
    assert all(ask.texts[: len(one.texts)] == one.texts for ask, one in zip(asks, first, strict=True))


def test_empty_rewrites_are_counted_and_the_query_stands_in(
    tiny_model_folder: Path, queries: Queries, tiny_index: Index
) -> None:
    mute = Rewriter.load(str(tiny_model_folder), Prompt(""), max_tokens=1)
    mute.restrict([])  # nothing but end tokens is left to say
    made = Generations(mute)
    for strategy, count in ((Greedy(made), 1), (Sampled(made, 3), 3), (UntilAgreement(made, 8), 2)):
        for query, ask in zip(queries, strategy(queries, tiny_index), strict=True):
            assert set(ask.texts) == {query.text}
            assert ask.empty == count
    for query, ask in zip(queries, Query2doc(made)(queries, tiny_index), strict=True):
        assert (ask.texts, ask.empty) == ((query.text,), 1)  # and not twice


def test_scores_of_asks(tiny_index: Index) -> None:
    asks = [
        Ask(("red apple",)),
        Ask(("red apple", "green moon"), (1.0, 0.0)),
        Ask(("red apple", "green moon"), by_rank=True),
        Ask(("red apple", "red apple")),
    ]
    asked = EmbeddedAsks(asks, tiny_index, embed_asks(asks, tiny_index))
    scores = np.concatenate([part for _, part in asked.slabs()])
    both = tiny_index.scores(["red apple", "green moon"])
    for row in (0, 1, 3):
        assert scores[row] == pytest.approx(both[0], abs=1e-6)
    assert scores[2] == pytest.approx(reciprocal_rank_fusion(both))
    assert [ask.shown for ask in asks[2:]] == ["red apple | green moon", "red apple"]
