"""An untrained tiny rewriter, its rewrites, and queries to ask for."""

from pathlib import Path

import pytest

from grape_rewrite.datasets import Dataset, Query
from grape_rewrite.rewriting import Prompt, Rewriter
from grape_rewrite.strategies import Generations


@pytest.fixture(scope="session")
def rewriter(tiny_model_folder: Path, tiny_prompt: Prompt) -> Rewriter:
    made = Rewriter.load(str(tiny_model_folder), tiny_prompt, max_tokens=5)
    made.restrict_to_words(["red", "green", "blue", "black", "apple", "boat", "cat", "dog", "house", "key", "moon"])
    return made


@pytest.fixture
def generations(rewriter: Rewriter) -> Generations:
    return Generations(rewriter, temperature=1.0, seed=5)


@pytest.fixture
def queries(tiny_dataset) -> list[Query]:
    return tiny_dataset.test.queries


@pytest.fixture
def composed(tiny_composed_folder: Path) -> list[Query]:
    """Queries of a picture and a text."""
    return Dataset.load(tiny_composed_folder).test.queries
