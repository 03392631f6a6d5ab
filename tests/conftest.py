"""What every test runs under; `fixtures` holds the tiny models, retrievers and data sets that they work on."""

import os
import signal
from pathlib import Path

import hypothesis
import pytest

pytest_plugins = [f"tests.fixtures.{name}" for name in ("models", "vision", "data", "retrievers", "command", "browser")]

# Programs that a shell starts in its background ignore SIGINT, and theirs too; some tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# These colour what is printed, whether or not it goes to a terminal.
for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "GITHUB_ACTIONS", "PY_COLORS"):
    os.environ.pop(name, None)

# No test depends on chance or on how busy the machine is.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.load_profile("steady")


@pytest.fixture
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own for a test that must leave the user's alone."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("GRAPE_CACHE", str(folder))
    return folder
