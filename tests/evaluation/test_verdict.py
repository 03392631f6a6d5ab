"""What findings say of a difference, which is no more than the numbers do."""

import pytest

from grape_rewrite.evaluation.verdict import difference, headline, inflation


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


@pytest.mark.parametrize(
    ("d_pos", "d_neg", "d_hard", "margin", "said"),
    [
        (0.20, 0.00, 0.05, 0.15, "75 % of the rise is margin, which is what ranks better."),
        (0.20, 0.08, 0.18, 0.02, "Just 10 % of the rise is margin: most of it lifts wrong items too."),
        (0.10, 0.05, 0.15, -0.05, "Wrong items rose and the margin did not: scores inflate."),
        (0.10, 0.05, 0.10, 0.00, "Wrong items rose and the margin did not: scores inflate."),
        (-0.10, -0.05, -0.15, 0.05, "The margin changed by +0.050."),
        (-0.10, 0.05, -0.05, -0.05, "The margin changed by -0.050."),
    ],
)
def test_a_rise_of_wrong_items_alone_is_called_inflation(d_pos, d_neg, d_hard, margin, said) -> None:
    base = {"d_pos": 0.01, "d_neg": 0.02, "d_hard": 0.03, "margin": 0.04}
    ours = {"d_pos": d_pos + 0.01, "d_neg": d_neg + 0.02, "d_hard": d_hard + 0.03, "margin": margin + 0.04}
    found = inflation({"grape": ours, "few-shot": base}, "grape", "few-shot", "the prompt untrained")
    assert found.replace("\N{MINUS SIGN}", "-").endswith(f" {said}")
    assert found.startswith("Against the prompt untrained the right item's score changed by ")


def test_scores_that_are_no_cosines_have_no_inflation() -> None:
    fused, cosine = dict.fromkeys(("d_pos", "d_neg", "d_hard", "margin")), {"d_pos": 0.1}
    assert inflation({"grape": cosine, "fused": fused}, "grape", "fused", "fused") == ""
    assert inflation({"grape": fused, "raw": cosine}, "grape", "raw", "raw") == ""


def test_the_headline_says_what_recall_is_the_share_of() -> None:
    assert headline(1234, "picture", single=True) == (
        "of the queries find the right picture among the first ten of 1,234."
    )
    assert headline(1234, "text", single=False) == "of the relevant texts are among the first ten of 1,234."
