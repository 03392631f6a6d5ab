"""Wikipedia's featured articles: sections of text, each with its picture (Rasiwasia et al., ACM Multimedia 2010).

Formats: `trainset_txt_img_cat.list` and `testset_txt_img_cat.list`, the names of a text and of a picture and the number
of a category, parted by tabs, a line; `texts/NAME.xml`, whose `text` elements hold the section;
`images/CATEGORY/NAME.jpg`.
"""

import html
import re
from pathlib import Path

from grape_rewrite.datasets.corpus import Item
from grape_rewrite.datasets.embedded import fraction
from grape_rewrite.datasets.records import read_lines
from grape_rewrite.datasets.split import Query
from grape_rewrite.published.benchmark import Benchmark, Pictures
from grape_rewrite.published.counts import Counts
from grape_rewrite.published.part import Part
from grape_rewrite.published.source import Source

CATEGORIES = (
    *("art", "biology", "geography", "history", "literature", "media", "music", "royalty", "sport", "warfare"),
)
SECTION = re.compile(r"<text[^>]*>(.*?)</text>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")
DEV = 0.1  # share of the published training part that settings are chosen by


def read(source: Source, pictures: Pictures) -> dict[str, Part]:
    """Read sections and pictures; a tenth of the training part, drawn by the hash of its names, is dev."""
    parts = {name: Part() for name in ("train", "dev", "test")}
    known: set[tuple[str, str]] = set()
    for official in ("train", "test"):
        file = source.file(f"{official}set_txt_img_cat.list")
        for line, row in read_lines(file):
            columns = row.split()
            if len(columns) != 3 or not columns[2].isdecimal() or not 1 <= int(columns[2]) <= len(CATEGORIES):
                raise source.wrong(
                    file, "the names of a text and a picture and a category from 1 to 10 are expected", line
                )
            text, image, category = columns[0], columns[1], CATEGORIES[int(columns[2]) - 1]
            place = source.place(file, line)
            picture = source.picture(f"images/{category}/{image}.jpg", f"images/{image}.jpg", origin=place)
            taken = pictures.take(image, picture, place)
            if taken is None:
                continue
            split = "dev" if official == "train" and fraction(f"wikipedia {text}") < DEV else official
            part = parts[split]
            if (split, image) not in known:
                known.add((split, image))
                part.add(Item(image, image=taken), place)
            query = Query(text, _section(source, source.named(f"texts/{text}.xml", place)), language="en")
            part.ask(query, [image], place)
    return parts


def _section(source: Source, file: Path) -> str:
    """The text of a section. Some files are no well-formed XML, so its elements are looked for as text."""
    content = "\n".join(line for _, line in read_lines(file))
    found = " ".join(html.unescape(TAG.sub(" ", section)) for section in SECTION.findall(content)).split()
    if not found:
        raise source.wrong(file, "holds no <text>...</text> with words in it")
    return " ".join(found)


WIKIPEDIA = Benchmark(
    name="wikipedia",
    holds="2,866 sections of Wikipedia's featured articles, each with its picture.",
    page="http://www.svcl.ucsd.edu/projects/crossmodal",
    files=(
        "trainset_txt_img_cat.list and testset_txt_img_cat.list",
        "texts/NAME.xml",
        "images/CATEGORY/NAME.jpg",
    ),
    licence="no licence is given with it; Wikipedia's texts are CC BY-SA, its pictures each as their page says",
    size="size not published",
    counts={"train+dev": Counts(2_173, 2_173), "test": Counts(693, 693)},
    languages=("en",),
    read=read,
)
