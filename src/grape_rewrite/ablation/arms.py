"""Arms: what is compared, each a change to the default of training."""

from collections.abc import Mapping, Sequence
from typing import Any

from grape_rewrite.errors import UserError
from grape_rewrite.rewards import REWARDS
from grape_rewrite.training.config import TrainingConfig, read_changes

Changes = dict[str, Any]

DEFAULT = "grape"
ALSO = "also"  # further tasks of an arm's adapter; no hyperparameter
ARMS: dict[str, Changes] = {
    DEFAULT: {},
    "sft": {"algorithm": "best-of-group"},
    **{f"grpo-{name}": {"reward": name} for name in REWARDS if name != TrainingConfig().reward},
    **{f"pool-{size}": {"pool": size} for size in (16, 64, 256, 1024)},
    "no-length": {"length_weight": 0.0},
    "no-form": {"form_weight": 0.0},
    "kl": {"beta": 0.04},
    "scale-group": {"scale": "group"},
    "keep-all": {"keep": TrainingConfig().group},
    "oversample": {"batch": TrainingConfig().batch // 2, "oversample": 2},
}


def read_arms(words: Sequence[str], base: Mapping[str, Any]) -> dict[str, Changes]:
    """Return the arms that are asked for, each tried on the base config.

    >>> read_arms(["grape", "group=4,batch=64"], {})
    {'grape': {}, 'group=4,batch=64': {'group': 4, 'batch': 64}}

    :param words: names of `ARMS`, or changes of one's own as `key=value,key=value`; `also=[DATA:RETRIEVER:PROMPT]` lets
        an arm's adapter learn further tasks.
    :param base: hyperparameters that all arms share, where they do not change them.
    :raises UserError: for a name that is not known, an arm that is named twice, two arms that are the same, and values
        that are not possible.
    """
    arms: dict[str, Changes] = {}
    configs: dict[str, tuple[TrainingConfig, list[str]]] = {}
    for key in (ALSO, "seed"):
        if key in base:
            raise UserError(f"{key} is nothing that all arms share")
    for word in words:
        if word in arms:
            raise UserError(f"arm {word!r} is named twice")
        if "/" in word:
            raise UserError(f"arm {word!r} cannot be the name of a folder; leave out the slash")
        if word not in ARMS and "=" not in word:
            raise UserError(f"unknown arm {word!r}; known: {', '.join(ARMS)}, or changes such as group=4,batch=64")
        try:
            arms[word] = _changes(word)
            configs[word] = config_of({**base, **arms[word]}), tasks_of(arms[word])
        except UserError as error:
            raise UserError(f"arm {word!r}: {error}") from error
        same = next((other for other, config in configs.items() if other != word and config == configs[word]), None)
        if same:
            raise UserError(f"arms {same!r} and {word!r} are the same; leave one out")
    if not arms:
        raise UserError(f"no arms; name some of {', '.join(ARMS)}")
    return arms


def config_of(changes: Mapping[str, Any]) -> TrainingConfig:
    """Return the hyperparameters of an arm.

    :raises UserError: for a key or a value that is not possible.
    """
    return TrainingConfig.of(**{key: value for key, value in changes.items() if key != ALSO})


def tasks_of(changes: Mapping[str, Any]) -> list[str]:
    """Return the further tasks of an arm, each as `read_task` reads it.

    :raises UserError: when they are no list of words.
    """
    found = changes.get(ALSO, [])
    if not isinstance(found, list) or not all(isinstance(spec, str) for spec in found):
        raise UserError(f"also={found!r} is no list of tasks; valid is also=[DATA:RETRIEVER:PROMPT]")
    return found


def _changes(word: str) -> Changes:
    """What an arm changes."""
    changes = ARMS[word] if word in ARMS else read_changes(word)
    if "seed" in changes:
        raise UserError("seed cannot be changed like this; seeds are those of the study")
    return changes
