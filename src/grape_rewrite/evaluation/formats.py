"""Numbers as a reader wants them."""

import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup

MINUS = "\u2212"

LEAST_P = 1e-5  # what a randomisation test of 99,999 patterns can find; the tails of Student's t mean no more


def percent(share: float) -> str:
    """Return a share as a percentage without its sign.

    >>> percent(0.4375)
    '43.8'
    """
    return f"{100 * share:.1f}"


def points(difference: float) -> str:
    """Return a difference of shares in percentage points.

    >>> points(0.067), points(-0.004), points(-0.0001)
    ('+6.7', '\u22120.4', '0.0')
    """
    return _signed(100 * difference, 1)


def decimal(difference: float) -> str:
    """Return a difference of scores.

    >>> decimal(0.0651)
    '+0.065'
    """
    return _signed(difference, 3)


def rank(value: float) -> str:
    """Return a rank; a tie makes halves.

    >>> rank(1.0), rank(2.5), rank(1204.0)
    ('1', '2.5', '1,204')
    """
    return f"{value:,.1f}".removesuffix(".0")


def p_value(p: float) -> str:
    """Return a p-value, which is never zero.

    >>> p_value(0.00001), p_value(0.0001), p_value(0.0123), p_value(0.5)
    ('p < 0.0001', 'p = 0.0001', 'p = 0.012', 'p = 0.50')
    """
    if p < 0.0001:
        return "p < 0.0001"
    digits = 4 if p < 0.001 else 3 if p < 0.1 else 2
    return f"p = {p:.{digits}f}"


def p_cell(p: float | None) -> str:
    """Return a p-value for a cell of a table, no smaller than any test here can tell; a dash where there is none.

    >>> p_cell(0.01234), p_cell(3e-80), p_cell(None)
    ('0.012', '<1e-05', '-')
    """
    if p is None:
        return "-"
    return f"{p:.2g}" if p >= LEAST_P else f"<{LEAST_P:.0e}"


def amount(value: Any, digits: int = 1) -> str:
    """Return a measured amount, or a dash where it was not measured.

    >>> amount(12.34), amount(None)
    ('12.3', '\u2013')
    """
    return "\u2013" if value is None else f"{value:,.{digits}f}".replace("-", MINUS)


def significant(value: float) -> str:
    """Return a number with three significant digits.

    >>> significant(0.64213), significant(-12.0)
    ('0.642', '\u221212')
    """
    return f"{value:.3g}".replace("-", MINUS)


def counted(number: int, one: str, many: str) -> str:
    """Return a number with the words that agree with it.

    >>> counted(1, "run is", "runs are"), counted(1300, "run is", "runs are")
    ('1 run is', '1,300 runs are')
    """
    return f"{number:,} {one if number == 1 else many}"


def tick_label(value: float) -> str:
    """Return a number at an axis.

    >>> tick_label(0.25), tick_label(-10.0)
    ('0.25', '\u221210')
    """
    return f"{value:g}".replace("-", MINUS)


def name_of(place: str) -> str:
    """Return what a data set or a model is called: the name of a folder, without where it lies on some machine.

    >>> name_of("/home/me/data/bicycles"), name_of("scenes"), name_of("openai/clip-vit-base-patch32")
    ('bicycles', 'scenes', 'openai/clip-vit-base-patch32')
    """
    path = Path(place)
    return path.name if path.name and (path.is_absolute() or place.startswith("~")) else place


def in_parts(label: str) -> "Markup":
    """Return a label as HTML that breaks after ":" and "+" before it breaks elsewhere, as names of strategies are read.

    >>> str(in_parts("sure-0.2:greedy+raw-0.1"))
    '<span class="part">sure-0.2:</span><span class="part">greedy+</span><span class="part">raw-0.1</span>'
    >>> str(in_parts("Q&A"))
    'Q&amp;A'
    """
    from markupsafe import Markup, escape

    parts = [part for part in re.split(r"(?<=[:+])(?=\S)", label) if part]
    if len(parts) < 2:
        return escape(label)
    return Markup("").join(Markup('<span class="part">{}</span>').format(part) for part in parts)


def within(label: str) -> str:
    """Return a label as it is written within a sentence: abbreviations stay as they are.

    >>> within("Raw queries"), within("GRAPE")
    ('raw queries', 'GRAPE')
    """
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def _signed(value: float, digits: int) -> str:
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def direction(text: str) -> str:
    """Return `rtl` where the first letter of a text belongs to a script written from right to left, else `ltr`.

    This is the rule of HTML's `dir="auto"`, which browsers apply late while a long page is still being read.

    >>> direction("قلب أحمر"), direction("2 rote Herzen"), direction("")
    ('rtl', 'ltr', 'ltr')
    """
    strong = (unicodedata.bidirectional(letter) for letter in text)
    return "rtl" if next((kind for kind in strong if kind in {"L", "R", "AL"}), "L") != "L" else "ltr"
