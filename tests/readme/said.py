"""What the README and the results say: their tables and the figures in their text."""

import itertools
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FIGURE = re.compile(
    r"in \d+ of \d+ runs|\d+ %|(?:between )?\d+\.\d and \d+\.\d points|-?\d+\.\d+(?: (?:to|±) -?\d+\.\d+)?"
)
BOUNDS = {"0.001", "0.01", "0.005", "95 %"}  # of p-values, of scores, of intervals


@cache
def readme() -> str:
    return " ".join((ROOT / "README.md").read_text().split())


@cache
def results() -> str:
    return " ".join((ROOT / "docs" / "results.md").read_text().split())


def readme_table(head: str, first: str | None = None) -> list[dict[str, str]]:
    """The rows of a table of the README as dictionaries, by how its head begins.

    :param first: what the first column is called, where its head says more.
    """
    lines = (ROOT / "README.md").read_text().splitlines()
    start = next(row for row, line in enumerate(lines) if line.startswith(head))
    heads, *rows = (
        [cell.strip("*` ").replace("`", "") for cell in line.strip("|").split("|")]
        for line in itertools.takewhile(lambda line: line.startswith("|"), lines[start:])
    )
    if first is not None:
        heads[0] = first
    return [dict(zip(heads, row, strict=True)) for row in rows[1:]]


def rows_under(head: str, after: str = "# Results") -> list[tuple[str, ...]]:
    """The rows of a table in the results, the first after a line, by how its head begins."""
    lines = (ROOT / "docs" / "results.md").read_text().splitlines()
    lines = lines[lines.index(after) :]
    start = next(row for row, line in enumerate(lines) if line.startswith(head))
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines[start + 2 :])
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in rows]


def quoted(head: str) -> list[str]:
    """The figures of a paragraph in their order: all with a decimal point, shares and counts of runs; no bounds."""
    paragraph = re.search(rf"\*\*{re.escape(head)}\*\*(.*?)(?=\*\*|!\[|###)", readme())[1]
    return figures_in(paragraph)


def figures_in(text: str) -> list[str]:
    return [figure for figure in FIGURE.findall(text) if figure not in BOUNDS]


def figures(cell: str) -> list[str]:
    """A difference and its interval in a table of the results, as the README writes them."""
    return re.findall(r"-?[\d.]+(?: to -?[\d.]+)?", cell.replace("+", ""))
