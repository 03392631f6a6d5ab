"""A user's own reward: a Python function that a config names as `module:function`."""

import hashlib
import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from grape_rewrite.errors import UserError
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
        self._function = _find(name)

    def fingerprint(self) -> str:
        """Return the SHA-256 of the file that the function is written in; what that imports does not count.

        Of a callable that no file defines, such as an instance, it is that of the module that has it.

        :raises UserError: when that has no file either, as what is built into Python.
        """
        code = _code_of(self._function)
        module = sys.modules[self.name.partition(":")[0]]
        files = [Path(file) for file in (getattr(code, "co_filename", None), getattr(module, "__file__", None)) if file]
        written = next((file for file in files if file.is_file()), None)
        if written is None:
            raise UserError(f"reward {self.name!r} is no function of a file; a module's own function is valid")
        return hashlib.sha256(written.read_bytes()).hexdigest()

    def __call__(self, rewrites: list[str], candidates: Candidates) -> list[float]:
        """Call the function.

        :raises RewardError: when it fails, with its file and line, or returns anything but one finite number for each
            rewrite.
        """
        try:
            with redirect_stdout(sys.stderr):  # standard output is for what was asked for
                values = self._function(list(rewrites), candidates)
                found = [_number(value) for value in values]
            if isinstance(values, Mapping):
                raise TypeError("it returned a mapping; a sequence is valid")
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever a user's function may raise
            raise RewardError(f"reward {self.name}: {self._where(error)}{_said(error)}") from error
        if len(found) != len(rewrites):
            raise RewardError(f"reward {self.name} returned {len(found)} numbers for {len(rewrites)} rewrites")
        for value, rewrite in zip(found, rewrites, strict=True):
            if not np.isfinite(value):
                raise RewardError(
                    f"reward {self.name} returned {value} for the rewrite {rewrite!r}; a number is needed"
                )
        return found

    def _where(self, error: BaseException) -> str:
        """The file and line of the function's own module where it failed, not those of a library below it."""
        code = _code_of(self._function)
        files = {
            getattr(sys.modules[self.name.partition(":")[0]], "__file__", None),
            getattr(code, "co_filename", None),
        }
        lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
        if lines:
            return f"{lines[-1].filename}, line {lines[-1].lineno}: "
        return f"{code.co_filename}, line {code.co_firstlineno}: " if code else ""  # it was not even entered


def _code_of(function: Any) -> CodeType | None:
    """The code of a function, below what wraps it; None of a callable that has none, such as an instance."""
    function = inspect.unwrap(function)
    while isinstance(function, partial):
        function = inspect.unwrap(function.func)
    return getattr(function, "__code__", None)


def _said(error: BaseException) -> str:
    """What an error is and says, in one line, whatever it was."""
    try:
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
    except Exception:  # its own way to say it may fail too
        return type(error).__name__


def _number(value: Any) -> float:
    """A number as a float; the digits of a text are none, nor is a complex number."""
    if not hasattr(value, "__float__") or np.ndim(value) or np.iscomplexobj(value):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _find(name: str) -> Callable[..., Sequence[float]]:
    module, _, function = name.partition(":")
    if not module or not function:
        raise UserError(f"reward {name!r} names no function; write module:function, such as my_rewards:first_place")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        with redirect_stdout(sys.stderr):
            found: Any = importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a user's module may raise
        said = _said(type(error)(error.msg) if isinstance(error, SyntaxError) else error)  # its line is said apart
        raise UserError(f"reward {name!r}: cannot import {module}: {_line_of(error)}{said}") from error
    found = getattr(found, function, None)
    if not callable(found):
        raise UserError(f"reward {name!r}: module {module} has no function {function!r}")
    return found


def _line_of(error: BaseException) -> str:
    """The file and line of the module whose import failed, not those of a library below it."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}: "
    importing = {__file__, importlib.__file__}
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename not in importing]
    frames = [frame for frame in frames if not frame.filename.startswith("<frozen importlib")]
    lines = [frame for frame in frames if frame.filename == frames[0].filename]
    return f"{lines[-1].filename}, line {lines[-1].lineno}: " if lines else ""
