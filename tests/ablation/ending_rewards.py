"""Rewards that end or interrupt a run at a known step, once: what a test would otherwise have to catch in time."""

import os
import signal
import time
from itertools import count
from pathlib import Path

import numpy as np

STEP = 3

_calls = count(1)


def killed(rewrites, candidates) -> np.ndarray:
    """The run itself is killed."""
    if _now():
        os.kill(os.getpid(), signal.SIGKILL)
    return 1 / candidates.ranks


def orphaned(rewrites, candidates) -> np.ndarray:
    """The study is killed; the run goes on."""
    if _now():
        os.kill(os.getppid(), signal.SIGKILL)
    return 1 / candidates.ranks


def interrupted(rewrites, candidates) -> np.ndarray:
    """Ctrl-C in the study, which passes it on to the run."""
    return _ending_the_study(signal.SIGINT, candidates)


def terminated(rewrites, candidates) -> np.ndarray:
    """The study is told to end, as by `kill`, and tells the run."""
    return _ending_the_study(signal.SIGTERM, candidates)


def _ending_the_study(number: int, candidates) -> np.ndarray:
    """Send the study a signal; the step ends when Ctrl-C has arrived here."""
    if _now():
        arrived = []
        handler = signal.getsignal(signal.SIGINT)
        signal.signal(signal.SIGINT, lambda *call: (arrived.append(call), handler(*call)))
        os.kill(os.getppid(), number)
        while not arrived:
            time.sleep(0.01)
        signal.signal(signal.SIGINT, handler)
    return 1 / candidates.ranks


def _now() -> bool:
    mark = Path(os.environ["ENDING_REWARDS_ONCE"])  # is there when it has happened
    if next(_calls) != STEP or mark.exists():
        return False
    mark.touch()
    return True
