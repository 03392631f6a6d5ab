"""Rewards of form: a rewrite must be one short line, not empty and no copy of the prompt."""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def well_formed(rewrites: Sequence[str], ended: Sequence[bool], markers: Sequence[str] = ()) -> npt.NDArray[np.float64]:
    """Return 1 for a rewrite that ended by itself, is one line, is not empty and repeats no marker of the prompt.

    >>> well_formed(["red apple", "", "Query: apple", "red"], [True, True, True, False], ["Query:"])
    array([1., 0., 0., 0.])

    :param rewrites: n texts.
    :param ended: n flags: whether the model ended the rewrite, rather than the limit of tokens.
    :param markers: the labels that the prompt is written with; they count where a label can stand, at the beginning of
        a line or after white space, and not as a part of a word. Those without a letter or digit count for nothing.
    :return: (n,) ones and zeros.
    """
    labels = [
        re.compile(rf"(?<!\S){re.escape(marker)}(?!(?<=\w)\w)")
        for marker in markers
        if any(character.isalnum() for character in marker)
    ]
    return np.array(
        [
            float(
                end
                and bool(text.strip())
                and "\n" not in text.strip()
                and not any(label.search(text) for label in labels)
            )
            for text, end in zip(rewrites, ended, strict=True)
        ]
    )


def brevity(lengths: Sequence[int], free: int, limit: int) -> npt.NDArray[np.float64]:
    """Return 1 up to `free` tokens, falling linearly to 0 at `limit`: an extra word must earn its place.

    >>> brevity([2, 4, 8, 12], free=4, limit=12)
    array([1. , 1. , 0.5, 0. ])

    :param lengths: n lengths in tokens.
    :param free: the length up to which nothing is lost.
    :param limit: the length at which all is lost; must exceed `free`.
    :return: (n,) rewards in [0, 1].
    :raises ValueError: when `limit` does not exceed `free`.
    """
    if limit <= free:
        raise ValueError(f"limit {limit} must exceed free {free}")
    return np.clip((limit - np.asarray(lengths, dtype=np.float64)) / (limit - free), 0, 1)
