"""`--help` of each command."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from grape_rewrite.cli.app import app
from grape_rewrite.datasets.scene import AND
from grape_rewrite.published import BENCHMARKS


def commands(group: Any, *names: str) -> Iterator[tuple[str, ...]]:
    """The words of every command, those of groups too."""
    for name, command in group.commands.items():
        yield (*names, name)
        if hasattr(command, "commands"):
            yield from commands(command, *names, name)


ALL = [*commands(typer.main.get_command(app)), *(("data", name) for name in BENCHMARKS)]


def test_all_commands_are_looked_at() -> None:
    assert {("train",), ("submit",), ("summary",), ("data",), ("data", "scenes"), ("data", "cirr")} <= set(ALL)


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_help_shows_an_example(grape, words: tuple[str, ...]) -> None:
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
