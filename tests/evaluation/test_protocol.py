"""CIRR's figures against counting by hand."""

from dataclasses import replace

import numpy as np
import pytest

from grape_rewrite.datasets import Split
from grape_rewrite.evaluation.protocol import protocol
from grape_rewrite.evaluation.report import render_report


def test_recall_at_50_and_among_few(evaluate, pictures, split_for) -> None:
    split = split_for(pictures)
    chance = np.random.default_rng(0)
    queries = []
    for query in split.queries:
        wanted = list(split.qrels[query.id])
        others = [id for id in pictures.ids if id not in wanted]
        own, *few = chance.choice(others, 5, replace=False).tolist()
        image = pictures[pictures.position[own]].image
        queries.append(replace(query, image=image, among=(*few, *wanted[:1], own)))
    evaluation = evaluate(pictures, Split("test", queries, split.qrels))
    figures = evaluation.summary["protocol"]
    assert set(figures) == set(evaluation.methods)
    for name, method in evaluation.methods.items():
        ranks = []
        for row, query in enumerate(queries):
            order = [pictures.ids[item] for item in method.top[row]]
            few = [id for id in order if id in query.among and pictures[pictures.position[id]].image != query.image]
            assert len(few) == len(query.among) - 1
            ranks.append(1 + min(few.index(id) for id in split.qrels[query.id] if id in few))
        for k in (1, 2, 3):
            assert figures[name][f"subset_recall@{k}"] == pytest.approx(np.mean(np.array(ranks) <= k))
        assert figures[name]["recall@50"] == 1.0  # of a dozen items
        assert len({figures[name][f"subset_recall@{k}"] for k in (1, 2, 3)}) > 1


def test_recall_at_50_counts_ranks(evaluate, pictures, split_for) -> None:
    method = next(iter(evaluate(pictures, split_for(pictures)).methods.values()))
    far = replace(method, ranks=np.array([1.0, 50.0, 50.5, 51.0]), among=np.array([1.0, 2.0, 2.5, 4.0]))
    figures = {"recall@50": 0.5, "subset_recall@1": 0.25, "subset_recall@2": 0.5, "subset_recall@3": 0.75}
    assert protocol({"one": far}) == {"one": figures}


def test_languages_count_alike_where_their_numbers_differ(evaluate, pictures, split_for) -> None:
    split = split_for(pictures)
    languages = ["de" if row % 3 else "fr" for row in range(len(split))]
    queries = [replace(query, language=language) for query, language in zip(split.queries, languages, strict=True)]
    evaluation = evaluate(pictures, Split("test", queries, split.qrels))
    for name, figures in evaluation.summary["protocol"].items():
        parts = [entry["methods"][name] for entry in evaluation.summary["by_language"].values()]
        assert len(parts) == 2
        for metric in ("recall@1", "recall@5", "recall@10"):
            assert figures[f"language_mean_{metric}"] == pytest.approx(np.mean([part[metric] for part in parts]))
    html = render_report(evaluation)
    assert '<th scope="col">language mean Recall@10</th>' in html
    assert "each counts alike" in html
    even = [replace(query, language="de" if row % 2 else "fr") for row, query in enumerate(split.queries)]
    assert len(even) % 2 == 0
    assert evaluate(pictures, Split("test", even, split.qrels)).summary["protocol"] == {}


def test_the_report_has_them(evaluate, pictures, split_for) -> None:
    split = split_for(pictures)
    queries = [replace(query, among=tuple(pictures.ids[:4]) + tuple(split.qrels[query.id])) for query in split.queries]
    evaluation = evaluate(pictures, Split("test", queries, split.qrels))
    html = render_report(evaluation)
    for heading in ("Recall@50", "subset Recall@1", "subset Recall@2", "subset Recall@3"):
        assert f'<th scope="col">{heading}</th>' in html
    assert f"{100 * evaluation.summary['protocol']['grape']['subset_recall@1']:.1f}" in html
    assert "published protocol" not in render_report(evaluate(pictures, split))


def test_other_data_has_no_such_figures(evaluate, pictures, split_for) -> None:
    assert evaluate(pictures, split_for(pictures)).summary["protocol"] == {}
