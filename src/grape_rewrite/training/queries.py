"""Which queries a run trains on, and in what order."""

import numpy as np
import numpy.typing as npt

from grape_rewrite.datasets import Split
from grape_rewrite.index import Index
from grape_rewrite.rewriting.rewriter import Rewriter


def already_solved(
    rewriter: Rewriter, index: Index, split: Split, raw: npt.NDArray[np.floating]
) -> npt.NDArray[np.bool_]:
    """Say which queries leave nothing to learn: both the query and its likeliest rewrite find their item first.

    :param rewriter: the untrained policy. It rewrites only what the raw query solves, which is little.
    :param raw: (n,) the ranks of the raw queries.
    :return: (n,) flags.
    """
    solved = np.asarray(raw) == 1
    rows = np.flatnonzero(solved)
    if len(rows):
        left = split.rows(rows)
        solved[rows] = index.ranks(rewriter.likeliest(index.asked(left.queries, rewriter.sees)), left) == 1
    return solved


def hard_items(
    rewriter: Rewriter, index: Index, split: Split, rows: npt.NDArray[np.integer], count: int
) -> dict[int, npt.NDArray[np.int64]]:
    """Find the items that compete hardest: the best results of the raw query and of its untrained rewrite, in turn.

    :param rewriter: the untrained policy.
    :param rows: numbers of queries of the split; those that come again are searched once.
    :param count: how many for each query.
    :return: number of a query -> (count,) corpus rows, none positive or excluded; fewer where there are no more.
    """
    chosen = np.unique(rows)
    queries = split.rows(chosen).queries
    positives, excluded = split.positives(index.corpus), split.excluded(index.corpus)
    apart = [np.concatenate(both) for both in zip(positives, excluded, strict=True)]
    depth = count + max(len(apart[row]) for row in chosen)
    texts = ([query.text for query in queries], rewriter.likeliest(index.asked(queries, rewriter.sees)))
    raw, rewritten = (index.top(asked, depth, queries=queries) for asked in texts)
    found = {}
    for row, first, second in zip(chosen.tolist(), raw, rewritten, strict=True):
        in_turn = np.stack([first, second], axis=1).ravel()
        distinct = dict.fromkeys(in_turn[~np.isin(in_turn, apart[row])].tolist())
        found[row] = np.array(list(distinct)[:count], dtype=np.int64)
    return found


def draw_queries(weights: npt.NDArray[np.floating], count: int, batch: int, seed: int) -> npt.NDArray[np.int64]:
    """Draw `count` queries with probabilities proportional to `weights`, none twice in the same batch.

    Without replacement as long as the queries last, then again from all of them: so a short run sees as many
    different queries as it can. The sequence depends on nothing but the arguments, which is what lets a run resume.

    :param weights: (n,) positive weights.
    :param count: how many to draw.
    :param batch: how many make up a step; at most n.
    :return: (count,) numbers of queries in [0, n).
    :raises ValueError: when `batch` exceeds the number of queries.
    """
    if batch > len(weights):
        raise ValueError(f"a step of {batch} queries cannot be drawn from {len(weights)}")
    generator = np.random.default_rng(seed)
    drawn: list[int] = []
    left: list[int] = []
    while len(drawn) < count:
        chosen: list[int] = []
        while len(chosen) < batch:
            if not left:
                # Sorting by exponential times scaled by the weights is drawing one after the other without replacement
                # (Efraimidis and Spirakis, 2006, doi:10.1016/j.ipl.2005.11.003).
                left = np.argsort(generator.exponential(size=len(weights)) / weights).tolist()
            place = next((i for i, query in enumerate(left) if query not in chosen), None)
            if place is None:
                left = []
                continue
            chosen.append(left.pop(place))
        drawn += chosen
    return np.array(drawn[:count])
