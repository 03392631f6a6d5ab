"""The study's report: every arm in it, every text escaped, nothing from outside."""

import json
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from grape_rewrite.ablation import Study, read_results
from grape_rewrite.ablation.report import render_study
from grape_rewrite.ablation.scatter import scatter_plots
from grape_rewrite.ablation.tables import TOO_FEW, markdown


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


LONG = "languages=[ar,de,es,fr,id,ja,pt,ru,zh]"


@pytest.fixture
def many(finished: tuple[Study, Path], tmp_path: Path) -> tuple[Study, Path]:
    """A study of many arms: copies of one, of which one has a long name and one was not trained here."""
    study, finished_out = finished
    out = tmp_path / "many"
    shutil.copytree(finished_out, out)
    arms = {f"arm-{number}": {"beta": number / 100} for number in range(1, 8)}
    arms |= {LONG: {"languages": ["de", "fr"]}, "measured": {"from": "elsewhere/all"}}
    for name in arms:
        shutil.copytree(out / "grape", out / name)
        for file in (out / name).glob("*/*.json"):
            file.write_text(file.read_text().replace('"grape"', f'"{name}"'))
    for file in (out / "measured").glob("*/manifest.json"):
        file.write_text(json.dumps({**json.loads(file.read_text()), "looks": []}))
    return study.model_copy(update={"arms": {**study.arms, **arms}}), out


def test_it_holds_every_arm_and_is_well_formed(finished: tuple[Study, Path]) -> None:
    study, out = finished
    results = read_results(study, out)
    page = render_study(study, results, out)
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    for name, arm in results["arms"].items():
        assert f'<span class="bar-name">{name}</span>' in page
        # Every arm has its plot of scores, but for the one that fuses rankings, of which the page says why.
        assert (f"<figcaption><b>{name}</b>" in page) == (name != "rrf")
        assert f"{100 * arm['recall@10']['mean']:.1f}" in page
    assert page.count('<polyline points="') == 2 * 7  # two arms in each of seven charts
    assert "Left out: rrf. Rankings are fused there" in page
    assert "dots: single seeds" in page
    assert "with an arm's first seed" in page
    assert not re.search(r"<script|https?://(?!www\.w3\.org)|src=", page)


def test_it_says_where_the_rewrites_lie(finished: tuple[Study, Path]) -> None:
    study, out = finished
    results = read_results(study, out)
    results["arms"]["raw"]["centroid"]["mean"] = -0.1234
    page = render_study(study, results, out)
    (table,) = re.findall(r'aria-label="Table of where the rewrites lie">(.*?)</table>', page, re.DOTALL)
    for name in ("raw", "grape"):
        (row,) = re.findall(rf"</span>{name}</th>(.*?)</tr>", table, re.DOTALL)
        for key in ("hubness", "centroid"):
            assert f"{results['arms'][name][key]['mean']:.3f}".replace("-", "−") in row
            assert ("±" in row) == (name == "grape")
    lying = {name for name, arm in results["arms"].items() if "hubness" in arm}
    assert set(re.findall(r"</span>([^<]*)</th>", table)) == lying


def test_it_begins_with_what_training_is_worth(finished: tuple[Study, Path]) -> None:
    study, out = finished
    results = read_results(study, out)
    untrained = {name: arm for name, arm in results["arms"].items() if name not in {*study.arms, "english"}}
    best = max(untrained, key=lambda name: untrained[name]["recall@10"]["mean"])
    (won,) = (row for row in results["comparisons"] if (row["b"], row["metric"]) == (best, "recall@10"))
    for difference, word in ((0.123, "12.3 points more"), (-0.045, "4.5 points less")):
        won["difference"] = difference
        head = render_study(study, results, out).partition("</header>")[0]
        assert (
            f"Recall@10 of {100 * results['arms']['grape']['recall@10']['mean']:.1f}&nbsp;%: {word} than <b>{best}</b>"
            in head
        )


def test_plots_of_what_needs_no_training_are_folded(finished: tuple[Study, Path]) -> None:
    study, out = finished
    page = render_study(study, read_results(study, out), out)
    (folded,) = re.findall(r"<details>(.*?)</details>", page, re.DOTALL)
    inside = set(re.findall(r"<figcaption><b>(.*?)</b>", folded))
    assert inside.isdisjoint({"raw", "english", *study.arms})
    assert f"<summary>{len(inside)} more that need no training</summary>" in folded
    assert len(re.findall(r"<figcaption><b>", page.partition("<details>")[0])) <= len(study.arms) + 3


def test_intervals_draw_seeds_where_there_are_several(finished: tuple[Study, Path]) -> None:
    study, out = finished
    for seeds, drawn in (([0, 1], "seeds and items"), ([0], "items")):
        part = study.model_copy(update={"seeds": seeds, "draws": len(seeds)})
        page = render_study(part, read_results(part, out), out)
        assert re.findall(r"95&nbsp;% interval over ([a-z ]*)", page) == [drawn, drawn]


def test_no_path_of_the_machine_is_shown(finished: tuple[Study, Path]) -> None:
    study, out = finished
    for place in (study.data, study.retriever, study.rewriter):
        assert Path(place).is_absolute()
    page = render_study(study, read_results(study, out), out)
    assert str(Path(study.data).parent) not in page
    assert f"<h1>2 ways to train, on {Path(study.data).name}</h1>" in page


def test_runs_that_learned_nothing_are_named(finished: tuple[Study, Path]) -> None:
    study, out = finished
    results = read_results(study, out)
    for names in ([], ["grape/seed-0", "grape/seed-1"]):
        page = render_study(study, {**results, "unchanged": names}, out)
        said = "Training never beat the untrained rewriter on dev in grape/seed-0, grape/seed-1."
        assert (said in page) == bool(names)


def test_one_seed_has_no_dots_and_is_no_mean(finished: tuple[Study, Path]) -> None:
    study, out = finished
    single = study.model_copy(update={"seeds": [0], "draws": 1})
    page = render_study(single, read_results(single, out), out)
    assert 'class="seed"' not in page
    for word in ("dots", "mean over", "standard deviation", "first seed", "over seeds"):
        assert word not in page


def test_two_seeds_are_said_to_be_few(finished: tuple[Study, Path]) -> None:
    study, out = finished
    results = read_results(study, out)
    assert TOO_FEW in render_study(study, results, out)
    assert TOO_FEW in markdown(results)
    for row in results["comparisons"]:
        row["seeds"] = [0, 1, 2]
    assert TOO_FEW not in render_study(study, results, out)
    assert TOO_FEW not in markdown(results)


def test_a_single_arm_without_the_default(finished: tuple[Study, Path]) -> None:
    study, out = finished
    single = study.model_copy(update={"arms": {"grpo-similarity": study.arms["grpo-similarity"]}})
    page = render_study(single, read_results(single, out), out)
    assert "<h1>One way to train, on" in page
    assert "<b>grpo-similarity</b>, the first, is purple." in page
    assert "<h2>grpo-similarity against the others</h2>" in page
    assert "arms are green" not in page


def test_arms_whose_curves_are_others_or_missing_are_named(many: tuple[Study, Path]) -> None:
    study, out = many
    page = render_study(study, read_results(study, out), out)
    assert f"The dev queries of {LONG} are others: do not compare that curve with the rest." in page
    assert "No curve, for want of two looks at dev queries: measured." in page


def test_no_two_arms_have_the_same_line(many: tuple[Study, Path]) -> None:
    study, out = many
    page = render_study(study, read_results(study, out), out)
    legend = re.findall(r'<ul class="legend">(.*?)</ul>', page, re.DOTALL)[0]
    lines = re.findall(r'<li class="(.*?)">', legend)
    assert len(lines) == len(set(lines)) == len(study.arms) - 1


@pytest.mark.parametrize("width", [420, 1200])
def test_in_a_browser_nothing_overflows_and_strips_are_aligned(
    many: tuple[Study, Path], look: Callable, layout: str, width: int
) -> None:
    study, out = many
    results = read_results(study, out)
    for arm in results["arms"].values():
        arm["recall@10"]["mean"] = 1.0  # 100.0 is the widest value
    found = look(render_study(study, results, out), width, layout)
    assert found["wrong"] == []
    assert found["values"] == len(results["arms"])
    assert found["plots"] == len(results["arms"]) - 1  # all but rrf
    assert found["strips"] == 3 * (len(results["arms"]) - 1)
    assert width < 1200 or found["scrolled"] == 0


def test_names_are_escaped(finished: tuple[Study, Path]) -> None:
    study, out = finished
    hostile = study.model_copy(update={"data": "<img src=x onerror=alert(1)>", "retriever": '"><u>'})
    page = render_study(hostile, read_results(study, out), out)
    assert "<img" not in page
    assert "&lt;img src=x" in page
    assert '"><u>' not in page


def test_the_fewer_points_the_more_they_show() -> None:
    few, many = (scatter_plots([("raw", [(0.1, 0.2)] * count)])[0].opacity for count in (12, 2000))
    assert few > many >= 0.5


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


def test_what_an_arm_is_called_changes_no_chart(many: tuple[Study, Path]) -> None:
    """Charts are drawn over minutes, too: an arm of that name is not to be taken for them."""
    study, out = many
    results = read_results(study, out)
    plain = render_study(study, results, out)
    text = json.dumps(results).replace('"arm-1"', '"minutes"')
    arms = {"minutes" if name == "arm-1" else name: changes for name, changes in study.arms.items()}
    (out / "arm-1").rename(out / "minutes")
    page = render_study(study.model_copy(update={"arms": arms}), json.loads(text), out)
    drawn = [re.findall(r'points="[^"]*"', one) for one in (plain, page)]
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) > 10


def test_the_strongest_opponent_in_recall_comes_first(many: tuple[Study, Path]) -> None:
    study, out = many
    results = read_results(study, out)
    first, second = "arm-1", "arm-2"
    for row in results["comparisons"]:
        if row["b"] in (first, second):
            level = {"recall@10": -0.9, "mrr": 0.5, "success@1": 0.5}[row["metric"]]
            row["difference"] = level if row["b"] == first else -level
    table = render_study(study, results, out).partition('id="comparisons"')[2].partition("</table>")[0]
    order = re.findall(r'scope="row"><span class="dot[^"]*"></span>([^<]*)', table)
    assert order[0] == first
    assert order.index(second) == len(order) - 1
    assert table.count("Success@1") == 1
