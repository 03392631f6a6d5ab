"""What is shown of a run while it is at work."""

import math

from grape_rewrite.cli.display import sparkline


def test_what_is_no_number_is_not_drawn() -> None:
    assert sparkline([0.0, math.nan, 1.0, math.inf]) == sparkline([0.0, 1.0])
    assert sparkline([math.nan]) == ""
