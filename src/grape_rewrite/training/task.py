"""A task: queries to learn from, the corpus that they are asked of, and the prompt that they are put into."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grape_rewrite.datasets import Dataset
from grape_rewrite.errors import UserError
from grape_rewrite.index import Index
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting.prompt import Prompt, named_prompt
from grape_rewrite.training.example import Example
from grape_rewrite.training.retrieval_reward import RetrievalReward

# A retriever of the user's own has a colon in its name: it takes four parts, the prompt's among them, to be sure of it.
SPEC = re.compile("(?P<data>[^:]+)(?::(?P<retriever>[^:]+|[^:]+:[^:]+(?=:[^:]+$))(?::(?P<prompt>[^:]+))?)?")
EXAMPLE = "paragraphs:lite-clip:long-form"


@dataclass(frozen=True)
class Task:
    """What an adapter learns beside other tasks.

    :param name: what its figures are called.
    :param index: the corpus, embedded by the frozen retriever.
    :param dataset: its train and dev splits are used.
    :param prompt: what the rewriter is asked with.
    """

    name: str
    index: Index
    dataset: Dataset
    prompt: Prompt


def read_task(spec: str, load: Callable[[str], Retriever] = Retriever.load, max_unreadable: float = 0.0) -> Task:
    """Load the task that `DATA`, `DATA:RETRIEVER` or `DATA:RETRIEVER:PROMPT` names.

    >>> read_task("paragraphs:lite-clip:long-form").prompt.markers  # doctest: +SKIP
    ['Text:', 'Picture:']

    :param spec: a data set; a retriever, by default `lite-clip`; a prompt's name or file, by default `multilingual`,
        which must be named behind a retriever of the user's own (`DATA:module:function:multilingual`).
    :param load: loads a retriever by its name.
    :param max_unreadable: the share of pictures that may be unreadable, as for `Retriever.index`.
    :raises UserError: for more parts, and for whatever of them cannot be had.
    """
    found = SPEC.fullmatch(spec)
    if not found:
        raise UserError(f"{spec!r} names no task; valid is DATA:RETRIEVER:PROMPT, such as {EXAMPLE}")
    prompt = named_prompt(found["prompt"] or "multilingual")
    dataset = Dataset.load(found["data"])
    index = load(found["retriever"] or "lite-clip").index(dataset.corpus, max_unreadable=max_unreadable)
    return Task(spec, index, dataset, prompt)


def shares(total: int, parts: int) -> list[int]:
    """Divide a number as evenly as it goes, the first parts taking what is left over.

    >>> shares(32, 3)
    [11, 11, 10]
    """
    return [total // parts + (part < total % parts) for part in range(parts)]


class TaskReward:
    """The rewards of several tasks as one, with the signature of TRL's reward functions.

    The data set that TRL trains on needs a column `task`: the number of each prompt's task.

    :param rewards: one for each task.
    """

    def __init__(self, rewards: Sequence[RetrievalReward]) -> None:
        self.__name__ = rewards[0].__name__
        self.rewards = list(rewards)

    def __call__(self, completions: Sequence[Any], task: Sequence[int], **columns: Any) -> list[float]:
        """Return one reward for each completion, from its own task."""
        columns["completions"] = completions
        values = [0.0] * len(completions)
        for number, reward in enumerate(self.rewards):
            rows = [row for row, of in enumerate(task) if of == number]
            if not rows:
                continue
            own = {
                key: [column[row] for row in rows] if isinstance(column, list) else column
                for key, column in columns.items()
            }
            for row, value in zip(rows, reward(**own), strict=True):
                values[row] = value
        return values

    def examples(self, count: int = 5) -> list[Example]:
        """Return a few rewrites of the latest batch, of every task."""
        parts = shares(count, len(self.rewards))
        return [one for reward, part in zip(self.rewards, parts, strict=True) if part for one in reward.examples(part)]
