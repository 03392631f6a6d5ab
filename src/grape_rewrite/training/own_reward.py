"""A user's own reward: a Python function that a config names as `module:function`."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from grape_rewrite.errors import UserError
from grape_rewrite.own_code import OwnCode
from grape_rewrite.rewards import Candidates


class RewardError(UserError):
    """A reward that failed in the middle of a run."""


class OwnReward:
    """A function of the rewrites (n texts) and their `Candidates`, which returns n numbers, larger being better.

    :param name: `module:function`, imported from the folder that the program was started in or from what is installed.
    :raises UserError: when there is no such module or function, or its import fails.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._code = OwnCode("reward", name, "my_rewards:first_place")

    def fingerprint(self) -> str:
        """Return the SHA-256 of the file that the function is written in; what that imports does not count.

        Of a callable that no file defines, such as an instance, it is that of the module that has it.

        :raises UserError: when that has no file either, as what is built into Python.
        """
        written = next(iter(self._code.files), None)
        if written is None:
            raise UserError(f"reward {self.name!r} is no function of a file; a module's own function is valid")
        return hashlib.sha256(Path(written).read_bytes()).hexdigest()

    def __call__(self, rewrites: list[str], candidates: Candidates) -> list[float]:
        """Call the function.

        :raises RewardError: when it fails, with its file and line, or returns anything but one finite number for each
            rewrite.
        """
        with self._code.called(RewardError):
            values = self._code.function(list(rewrites), candidates)
            found = [_number(value) for value in values]
            if isinstance(values, Mapping):
                raise TypeError("it returned a mapping; a sequence is valid")
        if len(found) != len(rewrites):
            raise RewardError(f"reward {self.name} returned {len(found)} numbers for {len(rewrites)} rewrites")
        for value, rewrite in zip(found, rewrites, strict=True):
            if not np.isfinite(value):
                raise RewardError(
                    f"reward {self.name} returned {value} for the rewrite {rewrite!r}; a number is needed"
                )
        return found


def _number(value: Any) -> float:
    """A number as a float; the digits of a text are none, nor is a complex number."""
    if not hasattr(value, "__float__") or np.ndim(value) or np.iscomplexobj(value):
        raise TypeError(f"{value!r} is no number")
    return float(value)
