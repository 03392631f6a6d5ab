"""The study's report: every arm in it, every text escaped, nothing from outside."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from grape_rewrite.ablation import Study, read_results, write_study
from grape_rewrite.ablation.report import render_study
from grape_rewrite.ablation.scatter import scatter_plots


class Balanced(HTMLParser):
    """Refuses tags that are not closed in order."""

    VOID = frozenset({"meta", "link", "br", "img", "line", "circle", "path", "polyline"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_it_holds_every_arm_and_is_well_formed(finished: tuple[Study, Path]) -> None:
    study, out = finished
    results = read_results(study, out)
    page = render_study(study, results, out)
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    for name, arm in results["arms"].items():
        assert f'<span class="bar-name">{name}</span>' in page
        assert f"{100 * arm['recall@10']['mean']:.1f}" in page
    assert page.count('<polyline points="') == 2 * 5  # two arms in each of five charts
    assert not re.search(r"<script|https?://(?!www\.w3\.org)|src=", page)


def test_names_are_escaped(finished: tuple[Study, Path]) -> None:
    study, out = finished
    hostile = study.model_copy(update={"data": "<img src=x onerror=alert(1)>", "retriever": '"><u>'})
    page = render_study(hostile, read_results(study, out), out)
    assert "<img" not in page
    assert "&lt;img src=x" in page
    assert '"><u>' not in page


def test_it_is_written_whole(finished: tuple[Study, Path], tmp_path: Path) -> None:
    study, out = finished
    results = read_results(study, out)
    write_study(study, results, out)
    assert (out / "report.html").read_text() == render_study(study, results, out)


def test_points_lie_where_the_scores_say() -> None:
    generator = np.random.default_rng(0)
    first, second = (generator.uniform(-1, 1, (2000, 2)).tolist() for _ in range(2))
    plots = scatter_plots([("raw", first), ("grape", second)])
    assert [plot.title for plot in plots] == ["raw", "grape"]
    assert plots[0].ticks == plots[1].ticks
    for plot, pairs in zip(plots, (first, second), strict=True):
        assert plot.above == pytest.approx(np.mean([positive > hard for positive, hard in pairs]))
        assert len(plot.points) <= 600
        # Over the diagonal of the plot, which goes up to the right, is where the positive is the higher.
        for (x, y), (positive, hard) in zip(plot.points, pairs[::4], strict=True):
            assert abs(positive - hard) < 0.01 or (240 - y > x) == (positive > hard)
    assert scatter_plots([]) == []
