"""`grape headroom` end to end, on tiny models."""

import json
from pathlib import Path


def test_headroom_as_json(
    grape, cache, tiny_dataset_folder: Path, tiny_retriever_folder: Path, tiny_model_folder: Path
) -> None:
    found = grape(
        *("headroom", tiny_dataset_folder, "--retriever", tiny_retriever_folder, "--rewriter", tiny_model_folder),
        *("--queries", 6, "--group", 2, "--json"),
    )
    assert found.code == 0, found.err
    assert json.loads(found.out)["queries"] == 6
