"""Queries to look at: the five best items before and after rewriting, good and bad examples alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from grape_rewrite.evaluation.evaluation import Evaluation
from grape_rewrite.evaluation.languages import language_name, valid_tag
from grape_rewrite.evaluation.thumbnails import thumbnail

SHOWN = 5
EXCERPT = 300  # characters of a long text that are shown


@dataclass(frozen=True)
class Tile:
    """One item as it is shown."""

    name: str
    image: str | None
    right: bool


@dataclass(frozen=True)
class Results:
    """What one method made of the query, and what it found.

    `same` says that it searched with the query as it is, `empty` that it had nothing to search with: no rewrite, or
    none but the query in its place.
    """

    method: str
    rewrite: str
    same: bool
    empty: bool
    rank: float
    tiles: list[Tile]


@dataclass(frozen=True)
class Card:
    """One query with its right item, the results before and after, and the other methods' rewrites."""

    query: str
    image: str | None
    language: str | None
    tag: str | None
    target: Tile
    before: Results
    after: Results
    others: list[Results]


@dataclass(frozen=True)
class Group:
    """Cards chosen by one rule, which the reader is told."""

    title: str
    rule: str
    cards: list[Card]


def gallery(evaluation: Evaluation, ours: str, baselines: Mapping[str, str], size: int = 4) -> list[Group]:
    """Choose the queries and prepare what is shown of them.

    The groups: where our method gained most against each baseline, drawn at random, and where it lost most against
    the first. A group shows no right item twice and repeats a language only when it has run out of others.

    :param evaluation: the evaluation.
    :param ours: the method shown as after.
    :param baselines: the methods shown as before, with what they are called within a sentence; the first also for
        chance and losses.
    :param size: most cards in a group.
    :return: the groups that have cards; none without a baseline.
    """
    if not baselines:
        return []
    first = next(iter(baselines))
    seed = evaluation.summary["seed"]
    lots = np.random.default_rng(seed).permutation(len(evaluation.queries))
    plans = [
        *(
            (f"Largest gains against {label}", "picked for the gain in rank", name, _by_gain(evaluation, ours, name))
            for name, label in baselines.items()
        ),
        ("Drawn at random", f"by seed {seed}, whatever came of them", first, lots.tolist()),
        (f"Worse than {baselines[first]}", "picked for the loss in rank", first, _by_gain(evaluation, first, ours)),
    ]
    chosen: set[int] = set()
    groups = []
    for title, rule, before, candidates in plans:
        rows = _varied([row for row in candidates if row not in chosen], evaluation, size)
        chosen.update(rows)
        groups.append(Group(title, rule, _cards(evaluation, rows, before, ours)))
    return [group for group in groups if group.cards]


def excerpt(text: str) -> str:
    """Return the beginning of a long text, cut between words where there are any."""
    if len(text) <= EXCERPT:
        return text
    return text[: max(text.rfind(" ", 0, EXCERPT), EXCERPT // 2)] + "\u2026"


def _by_gain(evaluation: Evaluation, better: str, worse: str) -> list[int]:
    """Return the queries that the one method ranks better than the other, the largest gain first."""
    # Halving a rank is worth the same wherever it happens, as in the reward `rank_log`.
    gain = np.log(evaluation.methods[worse].ranks) - np.log(evaluation.methods[better].ranks)
    order = np.argsort(-gain, kind="stable")
    return order[gain[order] > 0].tolist()


def _varied(waiting: list[int], evaluation: Evaluation, size: int) -> list[int]:
    """Take candidates in order, each language once and then each twice and so on, no right item twice."""
    taken: list[int] = []
    items: set[int] = set()
    while len(taken) < size and waiting:
        languages: set[str | None] = set()
        later = []
        for row in waiting:
            item, language = int(evaluation.positives[row][0]), evaluation.queries[row].language
            if item in items:
                continue
            if language in languages or len(taken) == size:
                later.append(row)
                continue
            taken.append(row)
            items.add(item)
            languages.add(language)
        waiting = later
    return taken


def _cards(evaluation: Evaluation, rows: list[int], before: str, ours: str) -> list[Card]:
    picture = cache(thumbnail)

    def tile(item: int, row: int) -> Tile:
        found = evaluation.corpus[item]
        image = picture(found.image) if found.image else None
        return Tile(excerpt(found.text or found.id), image, item in evaluation.positives[row])

    def results(name: str, row: int, shown: int = SHOWN) -> Results:
        method = evaluation.methods[name]
        rewrite = method.rewrites[row]
        same = rewrite == evaluation.queries[row].text
        empty = bool(method.empties[row]) and (same or not rewrite.strip())
        tiles = [tile(item, row) for item in method.top[row, :shown].tolist()]
        return Results(name, excerpt(rewrite), same, empty, float(method.ranks[row]), tiles)

    cards = []
    for row in rows:
        query = evaluation.queries[row]
        cards.append(
            Card(
                excerpt(query.text),
                picture(query.image) if query.image else None,
                language_name(query.language) if query.language else None,
                valid_tag(query.language),
                tile(int(evaluation.positives[row][0]), row),
                results(before, row),
                results(ours, row),
                [results(name, row, 0) for name in evaluation.methods if name not in (before, ours)],
            )
        )
    return cards
