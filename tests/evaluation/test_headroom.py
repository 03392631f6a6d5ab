"""What there is to win, on tiny models."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grape_rewrite.datasets import Split
from grape_rewrite.evaluation.headroom import Headroom, measure_headroom
from grape_rewrite.rewards import best_positive_rank
from grape_rewrite.rewriting import Rewriter


@pytest.fixture
def rewriter(tiny_model_folder: Path) -> Rewriter:
    found = Rewriter.load(str(tiny_model_folder), max_tokens=4)
    found.restrict_to_words(["red", "green", "blue", "black", "cat", "house"])
    return found


@pytest.fixture
def headroom(rewriter: Rewriter, tiny_index, tiny_dataset) -> Headroom:
    return measure_headroom(rewriter, tiny_index, tiny_dataset.dev, group=6, seed=1)


def test_shares_of_ranks_add_up(headroom: Headroom) -> None:
    for shares in headroom.ranks.values():
        assert sum(shares) == pytest.approx(1)
        assert min(shares) >= -1e-12


def test_raw_figures_are_those_of_the_queries(headroom: Headroom, tiny_index, tiny_dataset) -> None:
    dev = tiny_dataset.dev
    ranks = best_positive_rank(tiny_index.scores(dev.texts), dev.positives(tiny_dataset.corpus))
    assert headroom.mrr["raw"] == pytest.approx(np.mean(1 / ranks))
    assert headroom.recall_at_10["raw"] == np.mean(ranks <= 10)


def test_the_best_of_more_samples_is_no_worse(tiny_index, tiny_dataset, tiny_model_folder: Path) -> None:
    rewriter = Rewriter.load(str(tiny_model_folder), max_tokens=4)
    one, many = (
        measure_headroom(rewriter, tiny_index, tiny_dataset.dev, group=group, temperature=1.0).mrr["best-of-group"]
        for group in (1, 8)
    )
    assert many > one


def test_groups_are_judged_by_the_best_sample(rewriter: Rewriter, tiny_index, tiny_dataset) -> None:
    dev = tiny_dataset.dev
    found = measure_headroom(rewriter, tiny_index, dev, group=3, seed=5, temperature=1.0)
    samples = rewriter.rewrite(dev.texts, group=3, temperature=1.0, seed=5)
    texts = [[text or query for text in group] for group, query in zip(samples, dev.texts, strict=True)]
    positives = dev.positives(tiny_dataset.corpus)
    drawn = np.stack(
        [best_positive_rank(tiny_index.scores([group[i] for group in texts]), positives) for i in range(3)], axis=1
    )
    assert found.mrr["best-of-group"] == pytest.approx(np.mean(1 / drawn.min(axis=1)))
    assert found.recall_at_10["best-of-group"] == np.mean(drawn.min(axis=1) <= 10)
    likeliest = rewriter.likeliest(dev.texts)
    greedy = [text or query for text, query in zip(likeliest, dev.texts, strict=True)]
    assert found.mrr["untrained"] == pytest.approx(
        np.mean(1 / best_positive_rank(tiny_index.scores(greedy), positives))
    )
    assert found.zero_variance == np.mean([len(set(group)) == 1 for group in drawn.tolist()])
    assert found.distinct == np.mean([len(set(group)) for group in samples])
    assert 0 < found.zero_variance < 1 < found.distinct


def test_json_holds_every_figure_and_the_verdict(headroom: Headroom) -> None:
    found = json.loads(headroom.to_json())
    assert found["verdict"] == headroom.verdict
    assert set(found["ranks"]) == {"raw", "untrained", "best-of-group", "by-luck"}
    assert found["queries"] == 16


@pytest.mark.parametrize(
    ("untrained", "best", "mrr", "zero_variance", "word"),
    [
        (0.2, 0.5, 0.9, 0.1, "30 points"),
        (0.2, 0.21, 0.51, 0.1, "little"),
        (1.0, 1.0, 0.64, 0.1, "ranks it higher (0.140 in MRR)"),
        (0.2, 0.2, 0.9, 0.95, "temperature"),
    ],
)
def test_the_verdict_says_what_the_figures_say(
    untrained: float, best: float, mrr: float, zero_variance: float, word: str
) -> None:
    found = Headroom(
        queries=1,
        corpus=1,
        group=8,
        recall_at_10={"raw": 0, "untrained": untrained, "best-of-group": best},
        mrr={"raw": 0, "untrained": 0.5, "best-of-group": mrr},
        ranks={},
        zero_variance=zero_variance,
        distinct=1,
    )
    assert word in found.verdict


def test_luck_is_the_best_of_what_was_made_for_others(rewriter: Rewriter, tiny_index, tiny_dataset) -> None:
    dev = tiny_dataset.dev
    found = measure_headroom(rewriter, tiny_index, dev, group=3, seed=5, temperature=1.0)
    samples = rewriter.rewrite(dev.texts, group=3, temperature=1.0, seed=5)
    wanted = [set(dev.qrels[query.id]) for query in dev]
    best = []
    for place, query in enumerate(dev):
        later = [*range(place + 1, len(dev)), *range(place)]
        other = next(number for number in later if not wanted[number] & wanted[place])
        positives = [dev.positives(tiny_dataset.corpus)[place]] * 3
        texts = [text or query.text for text in samples[other]]
        best.append(best_positive_rank(tiny_index.scores(texts), positives).min())
    assert found.mrr["by-luck"] == pytest.approx(np.mean(1 / np.array(best)))
    alike = {query.id: {"d0": 1} for query in dev}
    alone = measure_headroom(rewriter, tiny_index, Split("dev", dev.queries, alike), group=3)
    assert "by-luck" not in alone.mrr


@pytest.mark.parametrize(
    ("raw", "luck", "words"),
    [
        (0.0, 0.3, ["30 points more", "can teach"]),
        (0.0, 0.59, ["it is luck"]),
        (0.55, 0.59, ["it is luck", "worse than the raw query, by 0.050 in MRR"]),
        (0.55, 0.3, ["can teach", "worse than the raw query"]),
    ],
)
def test_luck_and_raw_queries_are_held_against_it(raw: float, luck: float, words: list[str]) -> None:
    mrr = {"raw": raw, "untrained": 0.5, "best-of-group": 0.6, "by-luck": luck}
    recall = {"raw": raw, "untrained": 0.5, "best-of-group": 0.8, "by-luck": luck}
    found = Headroom(1, 1, 8, recall, mrr, {}, zero_variance=0.1, distinct=4)
    for word in words:
        assert word in found.verdict
    assert ("worse than the raw query" in found.verdict) == (raw > 0.5)


def test_groups_that_rank_the_same_need_no_temperature_where_all_is_found_or_rewrites_differ() -> None:
    flat = Headroom(1, 1, 8, *({"raw": 0, "untrained": 0.5, "best-of-group": 0.5},) * 2, {}, 1.0, distinct=1)
    assert "raise the temperature" in flat.verdict
    assert "though their rewrites differ" in replace(flat, distinct=7).verdict
    solved = {"raw": 0.9, "untrained": 1.0, "best-of-group": 1.0}
    assert "ranks nearly every item first" in replace(flat, mrr=solved, recall_at_10=solved).verdict
