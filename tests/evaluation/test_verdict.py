"""What findings say of a difference, which is no more than the numbers do."""

import pytest

from grape_rewrite.evaluation.verdict import difference


@pytest.mark.parametrize(
    ("found", "p", "clusters", "said"),
    [
        (0.05, 0.01, 40, ""),
        (0.05, 0.4, 40, ", no more than chance may bring about"),
        (0.00001, 0.9, 40, ", no more than chance may bring about"),
        (0.05, 0.1, 5, ", on too few queries to tell it from chance"),
        (0.0, 1.0, 40, ", no difference"),
        (0.0, 1.0, 5, ", no difference"),
    ],
)
def test_a_difference_is_told_from_chance_and_from_none(found, p, clusters, said) -> None:
    comparison = {"difference": found, "low": found - 0.1, "high": found + 0.1, "p": p}
    assert difference(comparison, "zero-shot", clusters).text == f"points of Recall@10 against zero-shot{said}"
