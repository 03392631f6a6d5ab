"""Submissions: what is written is what a plain ranking of all pictures gives."""

import json
from pathlib import Path

import numpy as np
import pytest
import ranx

from grape_rewrite import Dataset, Retriever, UserError
from grape_rewrite.evaluation.submission import Submission, rank_unjudged
from grape_rewrite.strategies import Ask


def test_numbers_that_come_twice_are_refused(tmp_path: Path) -> None:
    hits = [("p1", 0.5)]
    found = Submission("test1", {"a.1": hits, "b.1": hits}, {"a.1": ["p1"], "b.1": ["p1"]})
    with pytest.raises(UserError, match="some have the same"):
        found.write(tmp_path, "raw")
    assert not list(tmp_path.iterdir())


def test_files_hold_the_plain_ranking_without_the_reference(
    unjudged_folder: Path, tiny_clip_folder: Path, cache: Path, tmp_path: Path
) -> None:
    dataset, retriever = Dataset.load(unjudged_folder), Retriever.load(str(tiny_clip_folder))
    split, index = dataset.unjudged("test1"), retriever.index(dataset.corpus)
    files = rank_unjudged([Ask((query.text,)) for query in split], index, split).write(tmp_path / "out", "raw")
    assert [file.name for file in files] == ["test1.trec", "recall_submission.json", "recall_subset_submission.json"]
    run = {
        query: list(found.items()) for query, found in ranx.Run.from_file(str(files[0]), kind="trec").to_dict().items()
    }
    whole, few = (json.loads(file.read_text()) for file in files[1:])
    assert (whole.pop("version"), whole.pop("metric")) == ("rc2", "recall")
    assert (few.pop("version"), few.pop("metric")) == ("rc2", "recall_subset")
    weight = index.searching.picture_weight
    for number, query in enumerate(split):
        [text], [picture] = retriever.embed_texts([query.text]), retriever.embed_images([query.image])
        asked = (1 - weight) * text + weight * picture
        scores = index.embeddings[:14] @ (asked / np.linalg.norm(asked))
        expected = [f"p{item}" for item in np.argsort(-scores) if item != number]
        assert whole[str(12060 + number)] == expected
        assert [item for item, _ in run[query.id]] == expected
        assert [score for _, score in run[query.id]] == pytest.approx(
            np.sort(np.delete(scores, number))[::-1], abs=1e-6
        )
        assert few[str(12060 + number)] == [item for item in expected if item in query.among][:3]
