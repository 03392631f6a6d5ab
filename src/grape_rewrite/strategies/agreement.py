"""As many samples as a query needs."""

from collections.abc import Sequence
from dataclasses import dataclass

from grape_rewrite.datasets import Query
from grape_rewrite.index import Index
from grape_rewrite.strategies.ask import Ask
from grape_rewrite.strategies.generations import Generations


@dataclass(frozen=True)
class UntilAgreement:
    """Sample in rounds of 1, 2, 4, ... up to K, and stop where all samples of a query find the same item first.

    The query is searched with the mean of the samples that were made for it.
    """

    generations: Generations
    most: int = 8

    def __call__(self, queries: Sequence[Query], index: Index) -> list[Ask]:
        """Return the samples of each query, fewer where they agree."""
        asks: dict[int, Ask] = {}
        left = list(range(len(queries)))
        spent = [(0.0, 0.0)] * len(queries)
        count = 2
        while left:
            found = self.generations.sampled([queries[row].text for row in left], count)
            for row, made in zip(left, found, strict=True):
                spent[row] = (spent[row][0] + made.tokens, spent[row][1] + made.seconds)
                asks[row] = Ask(made.texts, tokens=spent[row][0], seconds=spent[row][1])
            if count >= self.most:
                break
            left = [row for row in left if not _agree(asks[row].texts, index)]
            count = min(2 * count, self.most)
        return [asks[row] for row in range(len(queries))]


def _agree(texts: Sequence[str], index: Index) -> bool:
    """Whether all texts find the same item first."""
    distinct = list(dict.fromkeys(texts))
    return len(distinct) == 1 or len({int(row[0]) for row in index.top(distinct, 1)}) == 1
