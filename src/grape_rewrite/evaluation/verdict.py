"""The findings in sentences: what the numbers say, and no more than they say."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from grape_rewrite.evaluation.formats import counted, decimal, p_value, percent, points

if TYPE_CHECKING:
    from grape_rewrite.evaluation.method import Method

SIGNIFICANT = 0.05
FEW = 30  # independent queries
# Less than this share of the right item's rise as margin is called little.
LEAST_MARGIN = 0.2


class Finding(NamedTuple):
    """One finding: its number, what the number is, and the evidence for it."""

    value: str
    text: str
    evidence: str


def headline(size: int, noun: str, single: bool) -> str:
    """Return what Recall@10 is the share of, to be read after the number.

    :param size: number of items in the corpus.
    :param noun: what an item of the corpus is, "picture" or "text".
    :param single: whether every query has just one right item.
    """
    if single:
        return f"of the queries find the right {noun} among the first ten of {size:,}."
    return f"of the relevant {noun}s are among the first ten of {size:,}."


def can_tell(clusters: int) -> bool:
    """Return whether a paired randomisation test on so many independent queries could show anything.

    >>> can_tell(5), can_tell(6)
    (False, True)
    """
    return bool(2.0 ** (1 - clusters) < SIGNIFICANT)  # the p-value when every one of them is better


def caution(clusters: int) -> str:
    """Return what is to be said of figures on so many independent queries; nothing where they are many enough.

    >>> caution(4)
    '4 independent queries are too few to tell a difference from chance'
    >>> caution(12)
    '12 independent queries are few: intervals are narrower than they should be'
    >>> caution(30)
    ''
    """
    if not can_tell(clusters):
        asked = counted(clusters, "independent query is", "independent queries are")
        return f"{asked} too few to tell a difference from chance"
    # Resampled few values hardly vary: not at all, where all queries find their item.
    return (
        f"{clusters} independent queries are few: intervals are narrower than they should be" if clusters < FEW else ""
    )


def difference(comparison: Mapping[str, Any], label: str, clusters: int) -> Finding:
    """Return how our method compares with another on Recall@10.

    :param comparison: one of the summary's `comparisons`.
    :param label: what the other method is called.
    :param clusters: the summary's number of independent queries.
    """
    text = f"points of Recall@10 against {label}"
    if comparison["difference"] == 0:
        text += ", no difference"
    elif not can_tell(clusters):
        text += ", on too few queries to tell it from chance"
    elif comparison["p"] >= SIGNIFICANT:
        text += ", no more than chance may bring about"
    evidence = f"95 % interval {points(comparison['low'])} to {points(comparison['high'])}, {p_value(comparison['p'])}"
    return Finding(points(comparison["difference"]), text, evidence)


def harm(methods: Mapping[str, Any], ours: str, reference: str) -> Finding:
    """Return what rewriting costs.

    :param methods: the summary's `methods`.
    :param ours: name of our method.
    :param reference: what the reference is called.
    """
    found = methods[ours]
    return Finding(
        f"{percent(found['harm'])} %",
        f"of the queries rank worse than with {reference}",
        f"their mean loss of reciprocal rank is {found['harm_loss']:.2f}" if found["harm"] else "",
    )


def empty_rewrites(method: "Method", queries: Sequence[str]) -> str:
    """Return how many queries got an empty rewrite, and what they were searched with; nothing where none did.

    :param method: the method.
    :param queries: the texts of its n queries.
    """
    found = [row for row, empty in enumerate(method.empties) if empty]
    if not found:
        return ""
    text = f"{len(found):,} of {counted(len(queries), 'query', 'queries')} got an empty rewrite"
    if all(method.rewrites[row] == queries[row] for row in found):
        return f"{text} and {'is searched as it is' if len(found) == 1 else 'are searched as they are'}."
    if any(not method.rewrites[row].strip() for row in found):
        return f"{text}."  # texts that were given are searched with as they are
    return f"{text}; the query stands in its place."


def inflation(methods: Mapping[str, Any], ours: str, baseline: str, label: str) -> str:
    """Return whether our method wins over a baseline by its right items or by higher scores for everything.

    The changes of both are against the same reference, so that their differences are those between the two.

    :param methods: the summary's `methods`.
    :param ours: name of our method.
    :param baseline: name of what it is held against: the strongest other method.
    :param label: what the baseline is called.
    :return: sentences; none where the scores of the two cannot be compared.
    """
    if methods[ours]["d_pos"] is None or methods[baseline]["d_pos"] is None:
        return ""  # one of them fuses rankings, whose scores are no cosines
    d_pos, d_neg, d_hard, margin = (
        methods[ours][key] - methods[baseline][key] for key in ("d_pos", "d_neg", "d_hard", "margin")
    )
    facts = (
        f"Against {label} the right item's score changed by {decimal(d_pos)}, that of the ten strongest wrong ones by "
        f"{decimal(d_hard)}, that of all wrong ones by {decimal(d_neg)}."
    )
    if d_pos > 0 and margin > 0:
        share = min(margin / d_pos, 1)
        if share >= LEAST_MARGIN:
            return f"{facts} {100 * share:.0f} % of the rise is margin, which is what ranks better."
        return f"{facts} Just {100 * share:.0f} % of the rise is margin: most of it lifts wrong items too."
    if d_hard > 0 and d_neg > 0 and margin <= 0:
        return f"{facts} Wrong items rose and the margin did not: scores inflate."
    return f"{facts} The margin changed by {decimal(margin)}."
