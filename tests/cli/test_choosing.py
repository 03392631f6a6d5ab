"""What is shown while ways to search are measured."""

import io

import pytest
from rich.console import Console

from grape_rewrite.cli import choosing, output
from grape_rewrite.evaluation.operating_points import CATALOGUE, DEV_QUERIES, GATED, MOST, SURE


@pytest.mark.parametrize("quiet", [False, True])
def test_a_line_for_each_part_away_from_a_terminal(capsys: pytest.CaptureFixture[str], quiet: bool) -> None:
    with choosing.choosing(quiet) as watch:
        watch("1 of 2: raw", 0, 5)
        watch("2 of 2: [greedy]", 1, 5)
    found = capsys.readouterr()
    lines = [f"Choosing how to search, {what} ..." for what in ("1 of 2: raw", "2 of 2: [greedy]")]
    assert (found.out, found.err.splitlines()) == ("", [] if quiet else lines)


@pytest.mark.parametrize("quiet", [False, True])
def test_a_bar_with_the_part_on_a_terminal(monkeypatch: pytest.MonkeyPatch, quiet: bool) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    monkeypatch.setattr(choosing, "notes", terminal)
    monkeypatch.setattr(output, "notes", terminal)
    with choosing.choosing(quiet) as watch:
        watch("41 of 43: sure-0.1234:mean-16+raw-0.3", 40, 66)
    assert ("Choosing, 41 of 43: sure-0.1234:mean-16+raw-0.3 ━" in terminal.file.getvalue()) != quiet


def test_help_says_how_much_work_it_is(grape) -> None:
    text = " ".join(grape("evaluate", "--help").out.replace("│", " ").split())
    strategies = len(CATALOGUE) + len(GATED) * len(SURE)
    assert f"among {strategies} strategies, with {MOST + 1} rewrites" in text
    assert f"up to {DEV_QUERIES:,} dev queries" in text
