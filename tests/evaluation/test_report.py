"""The report as a document: whole, self-contained, accessible, and unmoved by hostile texts."""

import re
from html.parser import HTMLParser

import pytest

from grape_rewrite.datasets import Corpus, Item, Query, Split
from grape_rewrite.errors import UserError
from grape_rewrite.evaluation import Details, render_report, write_report
from grape_rewrite.evaluation.operating_points import Point, describe_points
from grape_rewrite.evaluation.report import _roles
from grape_rewrite.strategies import Ask

VOID = {"meta", "link", "img", "br", "hr", "input", "circle", "path", "line", "polyline"}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}</style>"
HISTORY = [
    {"step": step, "mrr": 0.1 + step / 50, "reward": 0.5, "rewards/rank_log/mean": 0.4, "zero_variance": 0.2}
    for step in range(1, 31)
]


class Document(HTMLParser):
    """Elements with their attributes and the text; fails where tags are not closed in order."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.text = [], [], ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text += data

    def all(self, tag):
        return [attributes for found, attributes in self.elements if found == tag]

    def having(self, name):
        return [attributes for _, attributes in self.elements if name in attributes.get("class", "").split()]


@pytest.fixture
def hostile(tmp_path):
    """A corpus, a split and details in which every text that can be hostile is."""
    items = [Item(f"{HOSTILE}{row}", text=f"{HOSTILE} red {row}") for row in range(8)]
    queries = [Query(f"q{row}", f"{HOSTILE} {row}", language=f"de{HOSTILE}", reference=HOSTILE) for row in range(8)]
    qrels = {query.id: {item.id: 1} for query, item in zip(queries, items, strict=True)}
    details = Details(
        title=HOSTILE,
        summary=HOSTILE,
        facts={HOSTILE: HOSTILE},
        licences=[{"name": HOSTILE, "licence": HOSTILE, "credit": HOSTILE}],
        unchanged=[HOSTILE],
        commands=[HOSTILE],
    )
    return Corpus(items), Split("test", queries, qrels), details


def test_sections_and_numbers(evaluate, pictures):
    evaluation = evaluate(pictures)
    html = render_report(
        evaluation, HISTORY, Details(title="Colours", summary="Twelve colours.", commands=["grape demo"])
    )
    document = Document(html)
    sections = ["result", "methods", "languages", "gallery", "inflation", "training", "provenance"]
    assert [found["id"] for found in document.all("section")] == sections
    assert {link["href"] for link in document.all("a")} == {f"#{name}" for name in sections}
    for method in evaluation.summary["methods"].values():
        assert f"{100 * method['recall@10']:.1f}" in document.text
    for text in (
        "Colours",
        "Twelve colours.",
        "grape demo",
        "German",
        "Arabic",
        *evaluation.summary["fingerprints"].values(),
    ):
        assert text in document.text


def test_nothing_is_fetched(evaluate, pictures):
    html = render_report(evaluate(pictures), HISTORY)
    for _, attributes in Document(html).elements:
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            assert attributes.get(name, "data:").startswith(("data:", "#"))
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style
    assert "http" not in style
    assert not Document(html).all("script")
    [policy] = [meta["content"] for meta in Document(html).all("meta") if "http-equiv" in meta]
    assert policy.startswith("default-src 'none'")


def test_hostile_texts_stay_texts(evaluate, hostile):
    corpus, split, details = hostile
    methods = {"zero-shot": [HOSTILE] * 8, "grape": [f"red {HOSTILE}"] * 8, HOSTILE: ["red"] * 8}
    evaluation = evaluate(corpus, split, **methods)
    history = [{"step": step, f"rewards/{HOSTILE}/mean": 1.0} for step in (1, 2)]
    html = render_report(evaluation, history, details)
    document = Document(html)
    assert html.count("</style>") == 1
    assert not document.all("script")
    assert "<script" not in html
    assert "x" not in [image.get("src") for image in document.all("img")]
    assert document.text.count("{{ 7*7 }}") > 20
    for _, attributes in document.elements:
        assert not [name for name in attributes if name.startswith("on")]
    assert document.text.count("<script>alert(1)</script>") > 20
    # A language tag that is none is shown, but is no attribute.
    assert {attributes["lang"] for _, attributes in document.elements if "lang" in attributes} == {"en"}


def test_a_hostile_name_of_parts_stays_a_text(evaluate, pictures):
    name = "sure-0.2:<script>+<i onload=x>"
    document = Document(render_report(evaluate(pictures, **{name: ["red"] * 24})))
    assert document.text.count(name) >= 4
    assert len(document.having("part")) >= 3 * 4
    assert not document.all("script")


def test_hostile_ids_of_pictures_stay_in_their_attributes(evaluate, pictures):
    renamed = Corpus(Item(f'{item.id}"onload="alert(1)', image=item.image) for item in pictures)
    queries = [Query(item.id, "rot", reference="red") for item in renamed]
    split = Split("test", queries, {query.id: {query.id: 1} for query in queries})
    document = Document(render_report(evaluate(renamed, split)))
    assert any('"onload="' in image["alt"] for image in document.all("img"))
    assert not [image for image in document.all("img") if "onload" in image]


def test_gallery_shows_before_and_after_with_the_right_one_marked(evaluate, pictures):
    document = Document(render_report(evaluate(pictures)))
    cards = document.all("article")
    assert cards
    assert len(document.having("results")) == 2 * len(cards)
    assert len(document.having("tile")) == 10 * len(cards)
    marked = document.having("right")
    assert len(marked) >= len(cards)
    images = document.all("img")
    assert len([image for image in images if ", the right picture" in image["alt"]]) == len(marked)
    for title in ("Largest gains against raw queries", "Largest gains against zero-shot", "Drawn at random"):
        assert title in document.text


@pytest.mark.parametrize(
    ("rewrite", "said"),
    [
        ("", "(empty rewrite)"),
        (" \n", "(empty rewrite)"),
        (Ask(("rot",), empty=1), "(empty rewrite; the query as it is)"),
        (Ask(("rot",)), "the query as it is"),
        ("red", "\u201cred\u201d"),
        ("<i>", "\u201c<i>\u201d"),
    ],
)
def test_gallery_says_what_was_searched_with(evaluate, pictures, rewrite, said):
    query, reference = Query("q", "rot", language="de"), Query("r", "grün", language="de")
    split = Split("test", [query, reference], {"q": {"red": 1}, "r": {"green": 1}})
    methods = {"zero-shot": [rewrite, "green"], "grape": ["red", "green"], "english": ["red", "green"]}
    html = render_report(evaluate(pictures, split, **methods))
    [card] = [found for found in re.findall(r"<article.*?</article>", html, re.DOTALL) if ">rot</h4>" in found]
    [words] = re.findall(r"Zero-shot: (.*?), rank", card, re.DOTALL)
    shown = Document(words.replace("<q", "\u201c<q").replace("</q>", "</q>\u201d"))
    assert shown.text == said
    assert [tag for tag, _ in shown.elements] == ["q" if said.startswith("\u201c") else "i"]


def test_losses_are_shown(evaluate, pictures, split_for):
    split = split_for(pictures)
    worse = evaluate(pictures, **{"raw": [query.reference for query in split], "grape": ["unknown thing"] * len(split)})
    text = Document(render_report(worse)).text
    assert "Worse than raw queries" in text
    assert "Largest gains against raw" not in text
    assert "\u2212" in text


def test_a_small_p_value_is_no_zero(evaluate, pictures, split_for):
    names = [query.reference for query in split_for(pictures)]
    evaluation = evaluate(pictures, raw=["unknown thing"] * len(names), grape=names)
    for row in evaluation.summary["comparisons"]:
        row["p"] = 1e-5
    text = " ".join(Document(render_report(evaluation)).text.split())
    assert text.count("p < 0.0001") == 2 + 9  # in the findings, and in the table of comparisons
    assert "p = 0.0000" not in text


def test_no_difference_is_called_none(evaluate, pictures):
    text = Document(render_report(evaluate(pictures, **{"zero-shot": ["red"] * 24, "grape": ["red"] * 24}))).text
    assert "points of Recall@10 against zero-shot, no difference" in text


@pytest.mark.parametrize("unchanged", [[], ["grape"], ["zero-shot", "grape", HOSTILE]])
def test_training_that_changes_nothing_is_said_first(evaluate, pictures, unchanged):
    html = render_report(evaluate(pictures, **{HOSTILE: ["red"] * 24}), details=Details(unchanged=unchanged))
    [hero] = re.findall(r'<section id="result".*?</section>', html, re.DOTALL)
    said = [hero.index(found) for found in re.findall(r"[^>]*: training never beat the untrained rewriter", hero)]
    assert len(said) == len(unchanged)
    assert all(place < hero.index("hero-number") for place in said)
    labels = {"zero-shot": "Zero-shot", "grape": "GRAPE"}
    for name in unchanged:
        line = f"{labels.get(name, name)}: training never beat the untrained rewriter on the dev queries, so it "
        assert f"{line}changes nothing." in Document(html).text


def test_another_way_to_search_with_ours_is_no_rival(evaluate, pictures, split_for):
    names = [query.reference for query in split_for(pictures)]
    evaluation = evaluate(pictures, **{"zero-shot": ["red"] * len(names), "mean-8": names})
    rival, way = (Document(render_report(evaluation, details=Details(ways=ways))).text for ways in ([], ["mean-8"]))
    assert "points of Recall@10 against mean-8" in rival
    assert "points of Recall@10 against zero-shot" not in rival
    assert "points of Recall@10 against mean-8" not in way
    assert "points of Recall@10 against zero-shot" in way


def test_lines_lead_to_names_that_have_no_room_beside_their_mark(evaluate, pictures):
    level = [Point(name, 0.6, 0.0, 0.3, 0.0, 6.0, 80.0) for name in ("greedy", "rrf-2", "rrf-4", "rrf-8")]
    points = {
        **describe_points([Point("raw", 0.1, -0.4, 0.05, 0.0, 0.0, 0.0), *level], "safe", 260),
        "chosen": {"fast": "rrf-2", "safe": "rrf-4", "best": "rrf-8"},
    }
    html = render_report(evaluate(pictures), details=Details(points=points))
    found = Document("".join(re.findall("<line[^>]*/>", html))).having("lead-line")
    assert 0 < len(found) < 12  # four names in each of three charts
    for line in found:
        assert all(0 <= float(line[end]) <= 320 for end in ("x1", "x2"))
        assert all(0 <= float(line[end]) <= 170 for end in ("y1", "y2"))


def test_a_corpus_of_texts(evaluate, texts):
    document = Document(render_report(evaluate(texts)))
    assert not document.all("img")
    assert document.having("words-text")
    assert ", the right text" in document.text


def test_an_unreadable_picture_is_shown_by_its_name(evaluate, pictures):
    evaluation = evaluate(pictures)
    pictures[0].image.write_bytes(b"no picture")
    document = Document(render_report(evaluation))
    assert document.having("words")
    assert "red" in document.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "24 of 24 queries got an empty rewrite."),
        ("red " * 9, "24 texts were longer than the retriever reads and were cut."),
        ("red", None),
        ([""] + ["red"] * 23, "1 of 24 queries got an empty rewrite."),
        (
            ["red " * 9, ""] + ["red"] * 22,
            "1 text was longer than the retriever reads and was cut. 1 of 24 queries got an empty rewrite.",
        ),
    ],
)
def test_a_warning_says_what_happened_and_no_more(evaluate, pictures, text, said):
    document = Document(render_report(evaluate(pictures, odd=[text] * 24 if isinstance(text, str) else text)))
    warnings = [" ".join(line.split()) for line in document.text.splitlines() if line.strip().startswith("odd:")]
    assert warnings == ([f"odd: {said}"] if said else [])


@pytest.mark.parametrize(
    ("rewrites", "said"),
    [
        (1, "1 of 24 queries got an empty rewrite and is searched as it is."),
        (15, "15 of 24 queries got an empty rewrite and are searched as they are."),
        (0, None),
    ],
)
def test_queries_without_a_rewrite_are_counted(evaluate, pictures, split_for, rewrites, said):
    asks = [Ask((text,), empty=1) if row < rewrites else "red" for row, text in enumerate(split_for(pictures).texts)]
    document = Document(render_report(evaluate(pictures, odd=asks)))
    warnings = [" ".join(line.split()) for line in document.text.splitlines() if line.strip().startswith("odd:")]
    assert warnings == ([f"odd: {said}"] if said else [])


def test_a_query_stands_in_for_some_of_its_rewrites(evaluate, pictures, split_for):
    odd = [
        Ask((text, "red"), empty=3) if row < 5 else Ask(("red",)) for row, text in enumerate(split_for(pictures).texts)
    ]
    text = Document(render_report(evaluate(pictures, odd=odd))).text
    assert "odd: 5 of 24 queries got an empty rewrite; the query stands in its place." in " ".join(text.split())


@pytest.mark.parametrize(("steps", "dev", "smoothed"), [(19, 1, 0), (30, 1, 4), (30, 10, 3)])
def test_a_moving_average_is_named_where_one_is_drawn(evaluate, pictures, steps, dev, smoothed):
    history = [{**row, **({"dev_mrr": 0.1} if row["step"] % dev == 0 else {})} for row in HISTORY[:steps]]
    document = Document(render_report(evaluate(pictures), history))
    assert ("moving average" in document.text) == bool(smoothed)
    assert len(document.having("faint")) == smoothed
    assert len(document.all("polyline")) == smoothed + 4


def test_accessible(evaluate, pictures):
    document = Document(render_report(evaluate(pictures), HISTORY))
    assert document.all("html") == [{"lang": "en"}]
    assert all(image.get("alt") for image in document.all("img"))
    assert all("scope" in cell for cell in document.all("th"))
    assert all("aria-label" in chart or chart.get("aria-hidden") for chart in document.all("svg"))
    headings = document.all("h4")
    assert {heading["lang"] for heading in headings} == {"de", "ar"}
    assert all(heading["dir"] == {"de": "ltr", "ar": "rtl"}[heading["lang"]] for heading in headings)


@pytest.mark.parametrize("methods", [["raw"], ["raw", "grape"], ["raw", "a", "b", "c", "d", "e", "f"]])
def test_any_number_of_methods(retriever, pictures, split_for, tmp_path, methods):
    from grape_rewrite.evaluation import evaluate_methods

    split = split_for(pictures)
    rewrites = {name: None if name == "raw" else [query.reference for query in split] for name in methods}
    evaluation = evaluate_methods(rewrites, retriever.index(pictures, cache=tmp_path / "cache"), split)
    document = Document(render_report(evaluation))
    assert bool(document.having("findings")) == (len(methods) > 1)


def test_written_whole_or_not_at_all(evaluate, pictures, tmp_path):
    evaluation = evaluate(pictures)
    write_report(tmp_path / "runs" / "report.html", evaluation)
    assert (tmp_path / "runs" / "report.html").read_text(encoding="utf-8") == render_report(evaluation)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["report.html"]
    with pytest.raises(UserError, match=r"cannot write .*report\.html"):
        write_report(tmp_path / "runs" / "report.html" / "report.html", evaluation)


def test_ours_is_held_against_the_strongest_other() -> None:
    recalls = {"raw": 0.1, "few-shot": 0.3, "longer": 0.4, "english": 0.9, "grape": 0.35}
    summary = {
        "methods": {name: {"recall@10": value} for name, value in recalls.items()},
        "comparisons": [{"a": "grape"}],
        "reference": "raw",
    }
    assert _roles(summary, ()) == ("grape", "english", ["raw", "longer", "grape"])
