"""How a text, and the picture of the query that it stands for, become what is searched with."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

# What is valid, wherever such a number is read from a file.
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Words = Annotated[int, Field(ge=0, le=100)]


@dataclass(frozen=True)
class Searching:
    """Settings of a search, the same for queries as they are, for rewrites and for rewards.

    :param picture_weight: the share of a query's own picture in what is searched with, from 0 (its text alone) to 1.
    :param picture_words: how many words for that picture a rewriter is told.
    :param without: how much of what a text says behind the word "without" is taken away from what it says before, from
        0 (the text is embedded as it is) to 1. A text encoder reads "lamp without bicycle" as both.
    """

    picture_weight: Share = 0.4  # the best on dev for what untrained rewriters reach on `composed`; see docs/log.md
    picture_words: Words = 0
    without: Share = 0.0
