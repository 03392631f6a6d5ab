"""What is shown of a run while it is at work."""

import io
import math

import pytest
from rich.console import Console

from grape_rewrite.cli import display, output
from grape_rewrite.cli.display import Display, line_of, sparkline
from grape_rewrite.training.example import Example

ROWS = [
    {"step": 1, "reward": -0.25, "mrr": 0.25, "entropy": 1.5, "rewards/rank_log/mean": 0.5, "dev_mrr": 0.125},
    {"step": 2, "reward": 0.75, "mrr": 0.5, "entropy": 1.0, "rewards/rank_log/mean": 0.75},
]
EXAMPLES = [Example("roter [Apfel]", "red apple", 40.0, 1.0), Example("Hund", "cat", 2.0, 9.5)]


def test_what_is_no_number_is_not_drawn() -> None:
    assert sparkline([0.0, math.nan, 1.0, math.inf]) == sparkline([0.0, 1.0])
    assert sparkline([math.nan]) == ""


def test_a_step_is_a_line_away_from_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Display() as shown:
        shown.begin(2)
        for row in ROWS:
            shown.watch(row, EXAMPLES)
    assert capsys.readouterr().err.splitlines() == [line_of(row) for row in ROWS]
    assert line_of(ROWS[0]) == "step 1  reward -0.250  MRR of samples 0.250  entropy 1.500  dev MRR 0.125"


def test_a_terminal_has_a_bar_the_metrics_and_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)
    monkeypatch.setattr(display, "notes", terminal)
    monkeypatch.setattr(output, "notes", terminal)
    with Display() as shown:
        shown.begin(2)
        for row in ROWS:
            shown.watch(row, EXAMPLES)
        assert shown._live is None  # it has let go of the terminal after the last step
    last = terminal.file.getvalue().rpartition("Training")[2]
    assert "2/2" in last
    lines = [" ".join(line.split()) for line in last.splitlines()]
    for said in (
        "MRR of the samples 0.500 ▁█",
        "rank_log 0.750 ▁█",
        "entropy, nats 1.000 █▁",
        "MRR on dev 0.125 ▁",
        "roter [Apfel] → red apple (rank 40 → 1)",
        "Hund → cat (rank 2 → 9.5)",
    ):
        assert said in lines
