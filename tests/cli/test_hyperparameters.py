"""`grape train --hyperparameters` says of every key what the config says."""

import pytest

from grape_rewrite.cli import hyperparameters
from grape_rewrite.cli.hyperparameters import valid
from grape_rewrite.errors import UserError
from grape_rewrite.training import TrainingConfig


def test_every_key_is_there_with_its_default_and_what_it_is(grape, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hyperparameters.results, "width", 400)
    found = grape("train", "--hyperparameters", "--seed", "no number is looked at")
    assert found.code == 0, found.err
    lines = {line.split()[0]: " ".join(line.split()) for line in found.out.splitlines() if line.strip()}
    for key, field in TrainingConfig.model_fields.items():
        default = "" if field.default is None else f"{field.default} "
        assert lines[key].startswith(f"{key} {default}")
        assert lines[key].endswith(" ".join(str(field.description).split()))


@pytest.mark.parametrize(
    ("key", "words", "allowed", "refused"),
    [
        ("hard", "at least 0, below 1", 0, 1),
        ("warmup", "at least 0", 0, -1),
        ("distinct", "at least 0, at most 1", 1, 1.01),
        ("temperature", "above 0", 0.01, 0),
        ("scale", "batch or group", "group", "query"),
        ("vllm", "true or false", True, "perhaps"),
    ],
)
def test_what_is_said_to_be_valid_is(key: str, words: str, allowed: object, refused: object) -> None:
    assert valid(TrainingConfig.model_fields[key]) == words
    TrainingConfig.of(**{key: allowed})
    with pytest.raises(UserError, match=key):
        TrainingConfig.of(**{key: refused})
