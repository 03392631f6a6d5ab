"""What the README says that it costs: time and memory."""

import json

import pytest

from tests.readme.evidence import EVIDENCE
from tests.readme.said import readme


def test_costs() -> None:
    text = readme()
    demo, training = (json.loads((EVIDENCE / f"{name}.json").read_text()) for name in ("demo", "training"))
    first, again = demo["runs"]
    takes = f"{first['seconds'] / 60:.0f} minutes and {first['peak_gb']:.1f} GB of memory the first time"
    assert f"{takes}, installation included, and {again['seconds'] / 60:.0f} minutes again" in text
    ours, stock = ([found[kind] for found in training["rounds"]] for kind in ("ours", "stock"))
    pace, usual = ([found["rewrites_per_second"] for found in runs] for runs in (ours, stock))
    ratios = [ours / stock for ours, stock in zip(pace, usual, strict=True)]
    assert training["ratios"] == pytest.approx(ratios)
    assert f"**{min(ratios):.0f} to {max(ratios):.0f} times** the rewrites a second" in text
    assert f"({min(pace):.1f} to {max(pace):.1f}, and {min(usual):.2f} to {max(usual):.2f})" in text
    held, most = (max(found["peak_gb"] for found in runs) for runs in (ours, stock))
    assert f"**{held / most:.2f}** of the peak memory ({held:.1f} and {most:.1f} GB)" in text
    tokens = [runs[0]["tokens"] for runs in (ours, stock)]
    assert f"Ours are {tokens[0]:.1f} tokens long" in text
    more = [ratio * mine["tokens"] / other["tokens"] for ratio, mine, other in zip(ratios, ours, stock, strict=True)]
    longer = (
        f"words that the retriever does not know, {tokens[1]:.1f}; in tokens a second it is {min(more):.0f} to "
        f"{max(more):.0f} times"
    )
    assert longer in text
    half = json.loads((EVIDENCE / "leaderboard" / "learning-from-half-of-each-group.json").read_text())
    default = half["arms"]["grape"]
    assert f"it takes {default['median_seconds']:.0f} seconds of training on `scenes`" in text
    first = default["runs"][0]["looks"][0]["recall@10"]
    assert f"passes {half['bar']}, from {first:.2f} of the prompt untrained" in text
