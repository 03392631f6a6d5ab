"""The command line, run in this process as a shell would run it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from grape_rewrite.cli import main


@dataclass
class Outcome:
    """What a command left: exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def error_lines(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("error:")]


@pytest.fixture
def grape(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run `grape` with arguments."""

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["grape", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        found = capsys.readouterr()
        return Outcome(code, found.out, found.err)

    return run
