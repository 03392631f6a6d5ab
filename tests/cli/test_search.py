"""`grape search` end to end, on tiny models."""

import json
from pathlib import Path

import numpy as np
import pytest

from grape_rewrite.cli.load import load_rewriter
from grape_rewrite.datasets import Dataset
from grape_rewrite.fitting import fitted
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting import Rewriter


def test_search_shows_both_rankings(
    grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path
) -> None:
    found = grape(
        *("search", tiny_dataset_folder, "red apple", "--retriever", tiny_retriever_folder, "--rewriter", adapter),
        *("-k", 3, "--json"),
    )
    hits = json.loads(found.out)
    assert hits["raw"][0]["_id"] == "d0"
    assert len(hits["rewritten"]) == 3


def test_search_in_another_way(grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path) -> None:
    asked = ("search", tiny_dataset_folder, "rot apple", "--retriever", tiny_retriever_folder, "--rewriter", adapter)
    plain, mean, raw = (
        json.loads(grape(*asked, "--strategy", way, "--json", "-k", 4).out)
        for way in ("greedy", "mean-3+raw-0.9", "raw")
    )
    assert plain == json.loads(grape(*asked, "--json", "-k", 4).out)
    index = Retriever.load(str(tiny_retriever_folder)).index(Dataset.load(tiny_dataset_folder).corpus)
    for found in (plain, mean):
        assert found["raw"] == raw["rewritten"] == raw["raw"]
    assert [(hit["_id"], hit["score"]) for hit in plain["rewritten"]] == index.search([plain["rewrite"]], 4)[0]
    assert mean["rewrite"].endswith(" | rot apple")
    assert (plain["texts"], plain["weights"]) == ([plain["rewrite"]], [1.0])
    assert len(mean["texts"]) == 4
    assert mean["texts"][-1] == "rot apple"
    assert mean["weights"] == pytest.approx([0.1 / 3] * 3 + [0.9])
    vector = np.average(index.embed(mean["texts"]), axis=0, weights=mean["weights"])
    best = index.corpus.position[mean["rewritten"][0]["_id"]]
    assert mean["rewritten"][0]["score"] == pytest.approx(index.embeddings[best] @ vector / np.linalg.norm(vector))
    assert mean["rewritten"] != plain["rewritten"]
    refused = grape(*asked, "--strategy", "best")
    assert refused.code == 2
    assert "unknown strategy 'best'; valid are raw, greedy, query2doc, mean-K" in refused.error_lines[0]


def test_a_query_in_a_language_that_is_left_alone(
    grape, adapter: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path
) -> None:
    asked = ("search", tiny_dataset_folder, "rot apple", "--retriever", tiny_retriever_folder, "--rewriter", adapter)
    gated = (*asked, "--strategy", "except-en,fr:mean-3")
    found = {name: json.loads(grape(*gated, "--json", "--language", name).out) for name in ("en", "de")}
    assert found["en"]["rewrite"] == "rot apple"
    assert found["de"] == json.loads(grape(*asked, "--strategy", "mean-3", "--json").out)
    assert found["de"]["rewrite"] != "rot apple"
    refused = grape(*gated)
    assert refused.code == 2
    assert "goes by the language of a query, and none has one; name it, such as --language de" in refused.error_lines[0]


def test_search_with_an_untrained_rewriter_uses_the_words_of_the_retriever(
    grape, cache, tiny_model_folder: Path, tiny_dataset_folder: Path, tiny_retriever_folder: Path
) -> None:
    found = grape(
        *("search", tiny_dataset_folder, "rot Apfel", "--retriever", tiny_retriever_folder),
        *("--rewriter", tiny_model_folder, "--json"),
    )
    index = Retriever.load(str(tiny_retriever_folder)).index(Dataset.load(tiny_dataset_folder).corpus)
    restricted = load_rewriter(str(tiny_model_folder))
    restricted = fitted(restricted, index)
    assert json.loads(found.out)["rewrite"] == restricted.likeliest(["rot Apfel"])[0]
    assert restricted.likeliest(["rot Apfel"]) != Rewriter.load(str(tiny_model_folder)).likeliest(["rot Apfel"])


def test_search_refuses_an_adapter_for_another_retriever(grape, adapter: Path, tiny_dataset_folder: Path) -> None:
    arguments = ("search", tiny_dataset_folder, "[/x] red apple", "--retriever", "minilm", "--rewriter", adapter)
    refused = grape(*arguments)
    assert refused.code == 2
    assert len(refused.err.splitlines()) == 1
    assert grape(*arguments, "--allow-mismatch").code == 0
