"""Operating points: what is measured, and what is chosen from it."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grape_rewrite.datasets import Split
from grape_rewrite.errors import UserError
from grape_rewrite.evaluation.operating_points import (
    CATALOGUE,
    GATED,
    KINDS,
    SPOKEN,
    TIMED,
    Point,
    choose,
    describe_points,
    known_languages,
    latencies,
    measure_points,
)
from grape_rewrite.evaluation.rewriters import evaluate
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.rewriting.rewriter import Generation
from grape_rewrite.strategies import Ask, Generations

SHARES, GAINS, COSTS = st.floats(0, 1), st.floats(-1, 1), st.floats(0, 100)
POINTS = st.lists(st.builds(Point, st.uuids().map(str), SHARES, GAINS, SHARES, SHARES, COSTS, COSTS), max_size=8)
PLAIN = st.builds(Point, st.just("greedy"), SHARES, st.just(0.0), SHARES, SHARES, COSTS, COSTS)


@given(POINTS, PLAIN)
def test_what_is_chosen_keeps_its_promise(others: list[Point], plain: Point) -> None:
    points = [*others, plain]
    best, safe, fast = (choose(points, kind) for kind in ("best", "safe", "fast"))
    assert best.recall == max(point.recall for point in points)
    assert safe.gain_low >= 0
    assert all(safe.harm <= point.harm for point in points if point.gain_low >= 0)
    cheaper = [point for point in points if point.gain_low >= -0.01 and point.tokens < 0.95 * plain.tokens]
    assert fast in cheaper if cheaper else fast == plain
    assert all(fast.tokens <= point.tokens for point in cheaper)
    found = describe_points(points, "safe", 260)
    assert found["strategy"] == safe.strategy == found["chosen"]["safe"]
    assert set(found["chosen"]) == set(KINDS)


def test_what_takes_as_many_tokens_as_the_plain_rewrite_is_not_fast() -> None:
    plain = Point("greedy", 0.66, 0.0, 0.3, 0.05, 6.0, 80.0)
    level = Point("greedy+raw-0.1", 0.67, 0.0, 0.3, 0.04, 6.0, 80.0)
    nearly = Point("sure-0.1:greedy", 0.66, 0.0, 0.3, 0.04, 5.8, 80.0)
    clearly = Point("sure-0.05:greedy", 0.655, -0.008, 0.3, 0.04, 5.0, 80.0)
    dear = Point("raw", 0.1, -0.6, 0.1, 0.0, 0.0, 10.0)
    found = describe_points([plain, level, nearly, dear], "fast", 260)
    assert found["strategy"] == "greedy"
    assert found["rule"].startswith("the plain rewrite itself: nothing that takes under 95 % of its tokens")
    found = describe_points([plain, level, nearly, clearly, dear], "fast", 260)
    assert found["strategy"] == "sure-0.05:greedy"
    assert found["rule"] == KINDS["fast"]


def test_of_what_finds_as_much_the_best_ranks_highest() -> None:
    plain = Point("greedy", 0.9, 0.0, 0.88, 0.05, 6.0, 80.0)
    mild = Point("sure-0.2:greedy", 0.9, 0.0, 0.87, 0.01, 4.0, 60.0)
    high = Point("mean-4", 0.9, 0.0, 0.92, 0.04, 24.0, 200.0)
    assert choose([plain, mild, high], "best") == high
    assert choose([plain, mild, high], "safe") == mild


def test_unknown_kind() -> None:
    with pytest.raises(UserError, match="unknown operating point 'cheap'; known are fast, safe, best"):
        choose([], "cheap")


def test_points_are_what_an_evaluation_says(
    tiny_index, tiny_dataset, tiny_model_folder: Path, tiny_prompt: Prompt
) -> None:
    rewriter = Rewriter.load(str(tiny_model_folder), tiny_prompt, max_tokens=4)
    begun: list[tuple[str, int, int]] = []
    measured = measure_points(Generations(rewriter), tiny_index, tiny_dataset.dev, lambda *part: begun.append(part))
    points = {point.strategy: point for point in measured}
    assert [done for _, done, _ in begun] == list(range(len(begun)))
    assert {parts for _, _, parts in begun} == {len(begun)}
    said = [what for what, _, _ in begun]
    assert said[: len(points)] == [f"{place} of {len(points)}: {name}" for place, name in enumerate(points, 1)]
    assert said[len(points)] == f"figures of all {len(points)}"
    timed = said[len(points) + 1 :]
    assert timed == [f"timing query {place} of {len(timed)}" for place in range(1, len(timed) + 1)]
    assert len(timed) == min(TIMED, len(tiny_dataset.dev))
    assert set(CATALOGUE) < set(points)
    sure = {name for name in points if name.startswith("sure-")}
    assert set(points) - sure == set(CATALOGUE)  # no language here is one that raw does as well in and another is not
    gated: dict[str, list[tuple[float, Point]]] = {inner: [] for inner in GATED}
    for name in sure:
        threshold, inner = name.removeprefix("sure-").split(":")
        gated[inner].append((float(threshold), points[name]))
    for inner, found in gated.items():  # the surer raw must be to be left alone, the more is rewritten, at its cost
        assert {threshold for threshold, _ in found} == {threshold for threshold, _ in gated[GATED[0]]}
        tokens = [point.tokens for _, point in sorted(found, key=lambda pair: pair[0])]
        assert tokens == sorted(tokens)
        assert 0 < tokens[0] <= tokens[-1] <= points[inner].tokens
    figures = evaluate({"raw": None, "greedy": rewriter}, tiny_index, tiny_dataset.dev).summary["methods"]
    for name in ("raw", "greedy"):
        assert points[name].recall == figures[name]["recall@10"]
        assert points[name].harm == figures[name]["harm"]
    assert points["greedy"].gain_low == 0
    assert all(point.gain_low <= point.recall - points["greedy"].recall for point in points.values())
    assert points["raw"].tokens == 0
    assert points["mean-16"].tokens > points["mean-2"].tokens > points["greedy"].tokens > 0
    assert points["mean-16+raw-0.1"].milliseconds == points["mean-16+raw-0.4"].milliseconds  # the same work


def test_languages_that_the_retriever_knows_are_left_alone(tiny_index, tiny_dataset) -> None:
    class Translator:
        """Rewrites French well and German badly."""

        sees = False

        def generate(self, asked, group, *_, **__):
            said = {one.text: one.reference if one.language == "fr" else "" for one in dev.queries}
            return [[Generation(said[one.text] or f"no {number}", 3)] * group for number, one in enumerate(asked)]

    queries = [replace(one, text=one.reference) if one.language == "de" else one for one in tiny_dataset.dev.queries]
    dev = Split("dev", queries, tiny_dataset.dev.qrels)
    points = {point.strategy: point for point in measure_points(Generations(Translator()), tiny_index, dev)}
    assert {name for name in points if name.startswith("except-")} == {f"except-de:{inner}" for inner in SPOKEN}
    for name in ("except-de:greedy", "except-de:mean-8"):
        assert points[name].recall == points[name].mrr == 1
        assert points[name].harm == 0
        assert points[name].recall > points["greedy"].recall
        assert points[name].gain_low >= 0
    assert points["except-de:greedy"].tokens == 3 / 2  # half of the queries are German
    assert choose(list(points.values()), "best").strategy == "except-de:greedy"


def test_which_languages_the_retriever_knows(evaluate, texts) -> None:
    def known(**languages: bool) -> list[str]:
        """`languages` are True where they are rewritten well; others are searched as they are."""
        found = evaluate(texts)
        said = {True: "reference", False: "text"}
        rewrites = [getattr(query, said[languages[query.language]]) for query in found.queries]
        return known_languages(evaluate(texts, greedy=rewrites))

    assert known(de=False, ar=True) == ["de"]
    assert known(de=True, ar=False) == ["ar"]
    assert known(de=False, ar=False) == []  # there is nothing to rewrite
    assert known(de=True, ar=True) == []


def test_strategies_take_turns_when_they_are_timed(tiny_index, tiny_dataset) -> None:
    turns: list[tuple[str, str]] = []

    def named(name: str, pause: float):
        def strategy(queries, _):
            turns.append((name, queries[0].id))
            time.sleep(pause)
            return [Ask((query.text,)) for query in queries]

        return strategy

    queries = tiny_dataset.dev.queries[:3]
    found = latencies({"quick": named("quick", 0.0), "slow": named("slow", 0.2)}, tiny_index, queries)
    assert turns == [(name, query.id) for query in queries for name in ("quick", "slow")]
    assert found["slow"] >= 200
    assert found["quick"] > 0
