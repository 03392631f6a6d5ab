"""As many samples as a query needs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grape_rewrite.datasets import Query
from grape_rewrite.index import Index
from grape_rewrite.strategies.ask import Ask
from grape_rewrite.strategies.generations import Generations


@dataclass(frozen=True)
class UntilAgreement:
    """Make 2 samples, and double their number up to K until all of a query's samples find the same item first.

    The query is searched with the mean of its samples.

    :param most: K, at least 1.
    """

    generations: Generations
    most: int = 8

    def __call__(self, queries: Sequence[Query], index: Index) -> list[Ask]:
        """Return the samples of each query, fewer where they agree."""
        asks = [Ask(()) for _ in queries]
        left = list(range(len(queries)))
        count, made = min(2, self.most), 0
        while left:
            texts = index.asked([queries[row] for row in left], self.generations.sees)
            for row, more in zip(left, self.generations.sampled(texts, count - made, after=made), strict=True):
                asks[row] = replace(
                    asks[row],
                    texts=(*asks[row].texts, *more.texts),
                    tokens=asks[row].tokens + more.tokens,
                    seconds=asks[row].seconds + more.seconds,
                    empty=asks[row].empty + more.empty,
                )
            if count >= self.most:
                break
            left = _disagreeing(left, asks, queries, index)
            made, count = count, min(2 * count, self.most)
        return asks


def _disagreeing(rows: Sequence[int], asks: Sequence[Ask], queries: Sequence[Query], index: Index) -> list[int]:
    """Return the rows of those asks whose texts do not all find the same item first."""
    pairs = list(dict.fromkeys((text, queries[row]) for row in rows for text in asks[row].texts))
    asked = [query for _, query in pairs]
    top = index.top([text for text, _ in pairs], 1, index.own(asked), asked)[:, 0]
    first = dict(zip(pairs, top.tolist(), strict=True))
    return [row for row in rows if len({first[text, queries[row]] for text in asks[row].texts}) > 1]
