"""`--help` of each command."""

import pytest

from grape_rewrite.datasets.scene import AND


@pytest.mark.parametrize(
    "command",
    [
        "demo",
        "data",
        "headroom",
        "train",
        "evaluate",
        "ablate",
        "rewrite",
        "search",
        "index",
        ("data", "emoji"),
        ("data", "scenes"),
    ],
)
def test_help_shows_an_example(grape, command) -> None:
    words = (command,) if isinstance(command, str) else command
    found = grape(*words, "--help")
    assert found.code == 0
    assert "Example" in found.out


def test_help_calls_algorithms_by_their_names(grape) -> None:
    text = grape("train", "--help").out
    assert "grpo, or best-of-group" in " ".join(text.replace("│", " ").split())
    assert "Grpo" not in text


@pytest.mark.parametrize("name", ["emoji", "scenes", "definitions"])
def test_help_counts_english_apart_as_no_split_has_it(grape, name: str) -> None:
    text = " ".join(grape("data", name, "--help").out.split())
    assert f"in {len(AND) - 1} languages and English" in text
