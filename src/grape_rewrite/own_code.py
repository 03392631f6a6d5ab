"""Code of the user's own, named as `module:function`: how it is found, and how its failures are said in one line."""

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any

from grape_rewrite.errors import UserError


class OwnCode:
    """A function of the user's, from the folder that the program was started in or from what is installed.

    :param kind: what it is for, such as `reward`; messages begin with it.
    :param name: `module:function`.
    :param example: such a name, for who has to be told what one looks like.
    :raises UserError: when there is no such module or function, or its import fails.
    """

    def __init__(self, kind: str, name: str, example: str) -> None:
        self.kind, self.name = kind, name
        self.module, _, function = name.partition(":")
        if not self.module or not function:
            raise UserError(f"{kind} {name!r} names no function; write module:function, such as {example}")
        here = str(Path.cwd())
        if here not in sys.path:
            sys.path.insert(0, here)
        try:
            with redirect_stdout(sys.stderr):  # standard output is for what was asked for
                found: Any = importlib.import_module(self.module)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever a user's module may raise
            said = _said(type(error)(error.msg) if isinstance(error, SyntaxError) else error)  # its line is said apart
            missing = isinstance(error, ModuleNotFoundError) and f"{self.module}.".startswith(f"{error.name}.")
            where = "; modules of the current folder are found, and what is installed" if missing else ""
            raise UserError(f"{kind} {name!r}: cannot import {self.module}: {_line_of(error)}{said}{where}") from error
        found = getattr(found, function, None)
        if not callable(found):
            raise UserError(f"{kind} {name!r}: module {self.module} has no function {function!r}")
        self.function: Callable[..., Any] = found

    @property
    def files(self) -> list[str]:
        """The files that it is written in, as far as there are some: the function's own, and its module's."""
        named = [getattr(self._code, "co_filename", None), getattr(sys.modules[self.module], "__file__", None)]
        return [file for file in named if file and Path(file).is_file()]

    @contextmanager
    def called(
        self, failed: type[UserError] = UserError, let: tuple[type[BaseException], ...] = (), files: Sequence[str] = ()
    ) -> Iterator[None]:
        """Call the function in this block, or what it has returned; standard output is for what was asked for.

        :param failed: is raised for whatever the user's code raises, in one line that says what and where.
        :param let: goes through as it is, as does Ctrl-C.
        :param files: where the code is written, beside the function's own.
        """
        try:
            with redirect_stdout(sys.stderr):
                yield
        except BaseException as error:  # whatever a user's code may raise
            if isinstance(error, (KeyboardInterrupt, *let)):
                raise
            raise failed(self._failure(error, files)) from error

    def _failure(self, error: BaseException, files: Sequence[str]) -> str:
        """What was raised and where, in one line: that of the user's own file, not those of a library below it."""
        own = {*self.files, *files}
        lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in own]
        if lines:
            where = f"{lines[-1].filename}, line {lines[-1].lineno}: "
        elif self._code:  # it was not even entered
            where = f"{self._code.co_filename}, line {self._code.co_firstlineno}: "
        else:
            where = ""
        return f"{self.kind} {self.name}: {where}{_said(error)}"

    @property
    def _code(self) -> CodeType | None:
        """The code of the function, below what wraps it; None of a callable that has none, such as an instance."""
        function: Any = inspect.unwrap(self.function)
        while isinstance(function, partial):
            function = inspect.unwrap(function.func)
        return getattr(function, "__code__", None)


def _said(error: BaseException) -> str:
    """What an error is and says, in one line, whatever it was."""
    try:
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
    except Exception:  # its own way to say it may fail too
        return type(error).__name__


def _line_of(error: BaseException) -> str:
    """The file and line of the module whose import failed, not those of a library below it."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}: "
    importing = {__file__, importlib.__file__}
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename not in importing]
    frames = [frame for frame in frames if not frame.filename.startswith("<frozen importlib")]
    lines = [frame for frame in frames if frame.filename == frames[0].filename]
    return f"{lines[-1].filename}, line {lines[-1].lineno}: " if lines else ""
