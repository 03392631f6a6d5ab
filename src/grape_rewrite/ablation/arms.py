"""Arms: what is compared, each a change to the default of training."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from grape_rewrite.ablation.methods import UNTRAINED_METHODS
from grape_rewrite.atomic import LONGEST_NAME
from grape_rewrite.errors import UserError
from grape_rewrite.rewards import REWARDS
from grape_rewrite.rewriting.prompt import Prompt, named_prompt, prompt_of
from grape_rewrite.training.changes import read_changes
from grape_rewrite.training.config import TrainingConfig

Changes = dict[str, Any]

DEFAULT = "grape"
USUAL = (DEFAULT, "sft", "grpo-similarity")  # what is compared where nothing is named
POOLS = (16, 64, 256, 1024)  # candidates
ALSO = "also"  # further tasks of an arm's adapter; no hyperparameter
FROM = "from"  # an arm of another study, whose adapters are measured here; nothing else is said of such an arm
PROMPT = "prompt"  # what an arm asks with, where that is not the prompt of the study
BESIDE = {ALSO, FROM, PROMPT}  # what an arm may change that is no hyperparameter
NAMED = re.compile(r"(?P<name>[^:=]+):(?P<changes>[^:]+=.*)")


def known_arms(base: TrainingConfig) -> dict[str, Changes]:
    """Return what the arms that have a name change.

    >>> known_arms(TrainingConfig(group=4))["keep-all"]
    {'keep': 4}

    :param base: the hyperparameters that all arms of a study share: `keep-all` and `oversample` go by these.
    """
    return {
        DEFAULT: {},
        "sft": {"algorithm": "best-of-group"},
        **{f"grpo-{name}": {"reward": name} for name in REWARDS if name != base.reward},
        **{f"pool-{size}": {"pool": size} for size in POOLS},
        "no-length": {"length_weight": 0.0},
        "no-form": {"form_weight": 0.0},
        "kl": {"beta": 0.04},
        "scale-group": {"scale": "group"},
        "keep-all": {"keep": base.group},
        "oversample": {"batch": base.batch // 2, "oversample": 2},
    }


def read_arms(words: Sequence[str], base: Mapping[str, Any]) -> dict[str, Changes]:
    """Return the arms that are asked for, each tried on the base config.

    >>> read_arms(["grape", "group=4,batch=64"], {})
    {'grape': {}, 'group=4,batch=64': {'group': 4, 'batch': 64}}
    >>> read_arms(["small:group=4,batch=64"], {})
    {'small': {'group': 4, 'batch': 64}}

    :param words: names of `known_arms`, or changes of one's own as `key=value,key=value`, with a name before them if
        they are to have one; `also=[DATA:RETRIEVER:PROMPT]` lets an arm's adapter learn further tasks, `from=FOLDER`
        trains none, but takes those of an arm of another study, of the same seeds. An arm that is known may come from
        its like there, as in `grape:from=runs/other/grape`. `prompt=NAME` lets an arm ask with a prompt of its own, one
        that `named_prompt` knows; the arm holds what it says.
    :param base: hyperparameters that all arms share, where they do not change them.
    :raises UserError: for a name that is not known, an arm that is named twice, two arms that are the same, and values
        that are not possible.
    """
    arms: dict[str, Changes] = {}
    trained: dict[str, tuple[TrainingConfig, list[str], Path | None, Prompt | None]] = {}
    for key in (ALSO, FROM, "seed"):
        if key in base:
            raise UserError(f"{key} is nothing that all arms share")
    if PROMPT in base:
        raise UserError("the prompt that all arms share has an option of its own: --prompt")
    known = known_arms(config_of(base))
    for word in words:
        name, text = _name(word, known)
        if name in arms:
            raise UserError(f"arm {name!r} is named twice")
        try:
            arms[name] = _changes(text, known)
            config = config_of({**base, **arms[name]})
            trained[name] = config, tasks_of(arms[name]), source_of(arms[name]), own_prompt(arms[name])
        except UserError as error:
            raise UserError(f"arm {name!r}: {error}") from error
        same = next((other for other, what in trained.items() if other != name and what == trained[name]), None)
        if same:
            raise UserError(f"arms {same!r} and {name!r} are the same; leave one out")
    if not arms:
        raise UserError(f"no arms; name some of {', '.join(known)}")
    return arms


def usual_arms(base: Mapping[str, Any]) -> list[str]:
    """Return what is compared where no arm is named: those of `USUAL` that differ, given what all arms share.

    >>> usual_arms({}), usual_arms({"reward": "similarity"})
    (['grape', 'sft', 'grpo-similarity'], ['grape', 'sft'])

    :param base: hyperparameters that all arms share.
    :raises UserError: for values that are not possible.
    """
    known = known_arms(config_of(base))
    found: dict[str, TrainingConfig] = {}
    for name in USUAL:
        if name in known and (config := config_of({**base, **known[name]})) not in found.values():
            found[name] = config
    return list(found)


def config_of(changes: Mapping[str, Any]) -> TrainingConfig:
    """Return the hyperparameters of an arm.

    :raises UserError: for a key or a value that is not possible.
    """
    return TrainingConfig.of(**{key: value for key, value in changes.items() if key not in BESIDE})


def tasks_of(changes: Mapping[str, Any]) -> list[str]:
    """Return the further tasks of an arm, each as `read_task` reads it.

    :raises UserError: when they are no list of words.
    """
    found = changes.get(ALSO, [])
    if not isinstance(found, list) or not all(isinstance(spec, str) for spec in found):
        raise UserError(f"also={found!r} is no list of tasks; valid is also=[DATA:RETRIEVER:PROMPT]")
    return found


def source_of(changes: Mapping[str, Any]) -> Path | None:
    """Return the folder of the arm that an arm takes its adapters from; None if it trains its own.

    :raises UserError: when the arm changes something too: what was trained elsewhere cannot be trained differently.
    """
    if FROM not in changes:
        return None
    if len(changes) > 1:
        raise UserError("from says where its adapters are; they cannot be changed here, so name nothing else")
    return Path(str(changes[FROM]))


def own_prompt(changes: Mapping[str, Any]) -> Prompt | None:
    """Return what an arm asks with; None if that is the prompt of the study.

    :raises UserError: when it is no prompt.
    """
    return prompt_of(changes[PROMPT]) if PROMPT in changes else None


def wrong_name(name: str) -> str | None:
    """Return why an arm cannot be called so, for a folder of the study and a row of its tables have its name.

    >>> wrong_name("small"), wrong_name("few-shot"), wrong_name("../small")
    (None, 'has the name of what is measured without training', 'has a name that no folder can have')

    :return: the reason; None when it can.
    """
    if name in UNTRAINED_METHODS or name.endswith("+image"):
        return "has the name of what is measured without training"
    if name in ("", ".", "..") or "/" in name or not name.isprintable() or len(quote(name, safe="")) > LONGEST_NAME:
        return "has a name that no folder can have"
    if name.startswith(".") or name.endswith((".yaml", ".json", ".md", ".html")):
        return "has a name like that of a file of the study"
    return None


def _name(word: str, known: Mapping[str, Changes]) -> tuple[str, str]:
    """Return what an arm is called, and its changes or the name of one that is known."""
    found = NAMED.fullmatch(word)
    name, text = (found["name"], found["changes"]) if found else (word, word)
    if found and name in known and not (text.startswith(f"{FROM}=") and Path(text).name == name):
        raise UserError(f"arm {name!r} has changes of its own already; give these another name")
    if wrong := wrong_name(name):
        raise UserError(f"arm {name!r} {wrong}; {'give it another' if found else 'name it: NAME:key=value'}")
    if text not in known and "=" not in text:
        raise UserError(f"unknown arm {text!r}; known: {', '.join(known)}, or changes such as group=4,batch=64")
    return name, text


def _changes(word: str, known: Mapping[str, Changes]) -> Changes:
    """What an arm changes."""
    changes = known[word] if word in known else read_changes(word)
    if "seed" in changes:
        raise UserError("seed cannot be changed like this; seeds are those of the study")
    if PROMPT in changes:  # the study holds the prompt itself: a file may change, or lie on another machine
        changes[PROMPT] = named_prompt(str(changes[PROMPT])).as_mapping()
    return changes
