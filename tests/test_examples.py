"""The examples do what they say."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from grape_rewrite.rewards import Candidates
from grape_rewrite.training.own_reward import OwnReward

ROOT = Path(__file__).parents[1]


@pytest.fixture
def own_reward(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], OwnReward]:
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    return OwnReward


def test_first_page(own_reward: Callable[[str], OwnReward]) -> None:
    scores = np.arange(20.0)[None].repeat(2, axis=0)
    found = Candidates(scores, [np.array([10]), np.array([9])])  # the tenth and the eleventh place
    assert own_reward("examples.own_reward:first_page")(["a b", "a b c"], found) == pytest.approx([0.98, -0.03])
