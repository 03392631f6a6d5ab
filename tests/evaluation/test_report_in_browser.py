"""The report in a real browser: pictures load, nothing overflows or lies over another, nothing is logged."""

import pytest

from grape_rewrite.evaluation import Details, render_report, write_report
from grape_rewrite.evaluation.operating_points import Point, describe_points

HISTORY = [{"step": step, "mrr": 0.1 + step / 50, "rewards/rank_log/mean": 0.4} for step in range(1, 31)]
# One way to search is best at everything and costs least: its mark is in the corner, three names stand beside it.
CORNER = [
    Point("raw", 0.5, -0.4, 0.4, 0.0, 0.0, 10.0),
    Point("greedy", 1.0, 0.0, 0.8, 0.08, 5.3, 400.0),
    Point("worthwhile-0:greedy", 1.0, 0.0, 0.8, 0.0, 5.0, 400.0),
    Point("mean-8", 0.9, -0.1, 0.8, 0.17, 40.0, 900.0),
]
CROWDED = [
    Point("raw", 0.1, -0.4, 0.05, 0.0, 0.0, 0.0),
    Point("greedy", 0.664, 0.0, 0.3, 0.047, 6.1, 80.0),
    Point("sure-0.05:greedy", 0.667, 0.0, 0.3, 0.042, 5.7, 80.0),
    Point("mean-8+raw-0.2", 0.703, 0.03, 0.35, 0.033, 49.0, 200.0),
    Point("mean-16", 0.716, 0.04, 0.35, 0.041, 98.0, 300.0),
    *(Point(f"rrf-{row}", 0.6 + row / 100, -0.1, 0.3, 0.03 + row / 500, 6.0 * row, 90.0) for row in range(1, 9)),
]

PICTURES = """page => {
  const images = [...page.images];
  return {
    images: images.length,
    broken: images.filter(image => !image.naturalWidth).length,
    width: page.documentElement.scrollWidth,
    wide: [...page.querySelectorAll("main > section, .card, .chart, .bar")]
      .filter(element => element.getBoundingClientRect().right > 390.5).length,
    square: [...page.querySelectorAll(".tile")].every(tile => tile.offsetWidth > 40),
    right: getComputedStyle(page.querySelector(".card h4[lang=ar]")).direction,
  };
}"""


@pytest.fixture
def report(evaluate, pictures, tmp_path):
    write_report(tmp_path / "report.html", evaluate(pictures), HISTORY, Details(title="Colours"))
    return tmp_path / "report.html"


def test_on_a_phone(report, look):
    found = look(report.read_text(encoding="utf-8"), 390, PICTURES)
    assert found["images"] > 20
    assert found["broken"] == 0
    assert found["width"] <= 390
    assert found["wide"] == 0
    assert found["square"]
    assert found["right"] == "rtl"


@pytest.mark.parametrize("width", [420, 1200])
@pytest.mark.parametrize("points", [CORNER, CROWDED])
def test_nothing_lies_over_another_and_strips_are_aligned(evaluate, pictures, look, layout, points, width):
    evaluation = evaluate(pictures)
    assert evaluation.summary["methods"]["english"]["recall@10"] == 1  # 100.0 is the widest value
    page = render_report(evaluation, HISTORY, details=Details(points=describe_points(points, "safe", 260)))
    found = look(page, width, layout)
    assert found["wrong"] == []
    assert found["names"] == (6 if points == CORNER else 12)  # in three charts
    assert found["strips"] == 9
    assert width < 1200 or found["scrolled"] == 0


def test_the_name_of_a_strategy_breaks_between_its_parts(evaluate, pictures, look):
    name = "sure-0.2001:greedy+raw-0.1"
    page = render_report(evaluate(pictures, **{name: ["red"] * 24}))
    for width in (390, 1200):
        found = look(
            page,
            width,
            """page => [...page.querySelectorAll(".hero-bars .part")].map(part => {
              const words = page.createRange();
              words.selectNodeContents(part);
              return [part.textContent, new Set([...words.getClientRects()].map(line => line.top)).size];
            })""",
        )
        assert found == [["sure-0.2001:", 1], ["greedy+", 1], ["raw-0.1", 1]]


def test_alone_it_logs_nothing(report, browse):
    result = browse(report, "--dump-dom")
    assert "<h1>Colours</h1>" in result.stdout
    assert "CONSOLE" not in result.stderr


def test_the_policy_stops_a_script_that_got_in(report, browse, tmp_path):
    bad = tmp_path / "bad.html"
    bad.write_text(
        report.read_text(encoding="utf-8").replace("</h1>", "</h1><script>document.title='x'</script>"), "utf-8"
    )
    result = browse(bad, "--dump-dom")
    assert "<title>Colours</title>" in result.stdout
    assert "CONSOLE" in result.stderr
