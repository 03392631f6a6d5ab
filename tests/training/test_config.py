"""What a run can be told, and what is said to impossible values: one line with the value and what would do."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from grape_rewrite.datasets import Dataset, Split
from grape_rewrite.errors import UserError
from grape_rewrite.rewards import REWARDS
from grape_rewrite.training import TrainingConfig


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"group": 1}, r"group=1: .* greater than or equal to 2"),
        ({"batch": 100, "group": 8}, "batch 100 is no multiple of group 8; 96 would be"),
        ({"batch": 4, "group": 8}, "batch 4 is no multiple of group 8; 8 would be"),
        ({"stpes": 10}, r"unknown key 'stpes'; known: reward, pool, .*algorithm, .*seed"),
        ({"reward": "rank"}, r"reward='rank': known are rank_linear, .*, and functions of your own as module:function"),
        ({"algorithm": "ppo"}, r"algorithm='ppo': .*'grpo' or 'best-of-group'"),
        ({"pool": 1}, r"pool=1: .*greater than or equal to 2"),
        ({"pool": 2, "hard": 0.8}, r"hard 0\.8 leaves none of the pool of 2 to be drawn; 0\.5 does, or less"),
        ({"pool": 4096, "hard": 0.9999}, r"to be drawn; 0\.999 does, or less"),
        ({"hard": 1.0}, r"hard=1\.0: .*less than 1"),
        ({"steps": 0}, "steps=0: "),
        ({"steps": "many"}, "steps='many': .*integer"),
        ({"learning_rate": 2.0}, r"learning_rate=2\.0: .*less than 1"),
        ({"learning_rate": float("nan")}, "learning_rate=nan: .*finite number"),
        ({"distinct": -0.1}, r"distinct=-0\.1: .*greater than or equal to 0"),
        ({"decay": 1.5}, r"decay=1\.5: .*less than or equal to 1"),
        ({"length_weight": float("inf")}, "length_weight=inf: .*finite number"),
        ({"minutes": float("inf")}, "minutes=inf: .*finite number"),
        ({"temperature": 0}, "temperature=0: .*greater than 0"),
        ({"max_tokens": 4, "free_tokens": 4}, "free_tokens 4 must be below max_tokens 4"),
        ({"output_vocabulary": "half"}, "output_vocabulary='half': .*'retriever' or 'full'"),
        ({"solved_weight": 1.5}, r"solved_weight=1\.5: "),
        ({"seed": -1}, "seed=-1: "),
        ({"micro_batch": 0}, r"micro_batch=0: .*greater than or equal to 1"),
        ({"vllm": "perhaps"}, r"vllm='perhaps': .*boolean"),
        ({"languages": []}, r"languages=\[\]: .*at least 1"),
        ({"languages": ["de", False]}, r"languages.1=False: .*YAML reads no and off, .* quote them, as in 'no'"),
    ],
    ids=str,
)
def test_one_clear_line(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        TrainingConfig.of(**values)
    assert "\n" not in str(caught.value)


def test_a_pool_must_fit_into_the_corpus() -> None:
    config = TrainingConfig.of(pool=50)
    config.require_corpus(50)
    with pytest.raises(UserError, match="pool=50: the corpus has 49 items; 2 to 49"):
        config.require_corpus(49)


def test_a_step_is_shared_evenly() -> None:
    alone = TrainingConfig.of(batch=64, group=8, oversample=2)
    assert alone.per_process(1) == 128
    with pytest.raises(UserError, match="oversample=2 works in one process alone, not in 2"):
        alone.per_process(2)
    config = TrainingConfig.of(batch=128, group=8, micro_batch=16)
    assert [config.per_process(count) for count in (1, 2, 4, 8)] == [128, 64, 32, 16]
    with pytest.raises(UserError, match=r"128 rewrites .* among 3 processes; use a batch that is a multiple of 24"):
        config.per_process(3)
    with pytest.raises(UserError, match="micro_batch=16 does not divide the 8 rewrites that a process samples"):
        config.per_process(16)


def test_help_names_every_reward() -> None:
    words = str(TrainingConfig.model_fields["reward"].description)
    assert all(name in words for name in REWARDS)


def test_defaults_fit_and_come_back_from_json() -> None:
    config = TrainingConfig.of()
    assert config.queries * config.group == config.batch
    assert TrainingConfig.model_validate_json(config.model_dump_json()) == config


def test_a_language_without_dev_queries_is_refused(tiny_dataset: Dataset) -> None:
    english = replace(tiny_dataset.train.queries[0], language="en")
    train = Split("train", [english], {english.id: dict(tiny_dataset.train.qrels[english.id])})
    dataset = SimpleNamespace(train=train, dev=tiny_dataset.dev, corpus=tiny_dataset.corpus)
    config = TrainingConfig(batch=4, group=4, languages=["en"])
    config.require_queries(dataset.train)
    with pytest.raises(UserError, match="split 'dev' has no query in language 'en'"):
        config.require(dataset)
