"""Which queries a run trains on, and in what order."""

from collections.abc import Callable, Iterator
from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

from grape_rewrite.datasets import Split
from grape_rewrite.index import Index
from grape_rewrite.rewriting.rewriter import Rewriter

Rows = npt.NDArray[np.int64]

CHUNK = 8  # batches whose weights are found at a time


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


def draw_queries(
    weigh: Callable[[Rows], npt.NDArray[np.floating]], size: int, count: int, batch: int, seed: int
) -> Rows:
    """Draw `count` queries with probabilities proportional to their weights, none twice in the same batch.

    Without replacement as long as the queries last, then again from all of them: so a short run sees as many
    different queries as it can. The sequence depends on nothing but the arguments, which is what lets a run resume.

    :param weigh: from numbers of queries to their weights, above 0 and at most 1. Weights may be dear to find, so only
        those are asked for that the draw depends on.
    :param size: how many queries there are.
    :param count: how many to draw.
    :param batch: how many make up a step; at most `size`.
    :return: (count,) numbers of queries in [0, size).
    :raises ValueError: when `batch` exceeds the number of queries.
    """
    if batch > size:
        raise ValueError(f"a step of {batch} queries cannot be drawn from {size}")
    generator = np.random.default_rng(seed)
    drawn: list[int] = []
    order: Iterator[int] = iter(())
    passed: list[int] = []  # their turn came while they were in the batch already
    while len(drawn) < count:
        chosen: list[int] = []
        while len(chosen) < batch:
            query = next((query for query in passed if query not in chosen), None)
            if query is not None:
                passed.remove(query)
            else:
                for query in order:
                    if query not in chosen:
                        break
                    passed.append(query)
                else:
                    order, passed = _by_turn(weigh, generator.exponential(size=size), CHUNK * batch), []
                    continue
            chosen.append(query)
        drawn += chosen
    return np.array(drawn[:count], dtype=np.int64)


def _by_turn(
    weigh: Callable[[Rows], npt.NDArray[np.floating]], times: npt.NDArray[np.float64], chunk: int
) -> Iterator[int]:
    """Yield all queries by their times divided by their weights, and ask for weights no earlier than that needs.

    Exponential times ordered so are a draw of one after the other without replacement (Efraimidis and Spirakis, 2006,
    doi:10.1016/j.ipl.2005.11.003). No weight exceeds 1, so a query's turn never comes before its time.
    """
    waiting: list[tuple[float, int]] = []
    rows = np.argsort(times)
    seen = 0
    while seen < len(rows) or waiting:
        while seen < len(rows) and (not waiting or times[rows[seen]] <= waiting[0][0]):
            part = rows[seen : seen + chunk]
            for turn, row in zip((times[part] / weigh(part)).tolist(), part.tolist(), strict=True):
                heappush(waiting, (turn, row))
            seen += len(part)
        yield heappop(waiting)[1]
