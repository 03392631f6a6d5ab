"""Changes of hyperparameters as they are typed: `key=value,key=value`."""

import re
from typing import Any

import yaml

from grape_rewrite.errors import UserError


def read_changes(word: str) -> dict[str, Any]:
    """Read `key=value,key=value`, values as in YAML, lists such as `languages=[de,fr]` among them.

    >>> read_changes("batch=64,languages=[de,fr]")
    {'batch': 64, 'languages': ['de', 'fr']}

    :raises UserError: for what is no change, and for a key that is named twice.
    """
    changes: dict[str, Any] = {}
    for part in re.split(r",(?![^\[]*\])", word):  # a comma within brackets belongs to a list
        key, equals, value = part.partition("=")
        if not key or not equals or not value:
            raise UserError(f"{part!r} is no change; write key=value, such as group=4")
        if key in changes:
            raise UserError(f"{key} is named twice; name it once")
        try:
            changes[key] = yaml.safe_load(value)
        except (yaml.YAMLError, ValueError) as error:  # such as a date that there is not
            raise UserError(f"{value!r} is no value: {' '.join(str(error).split())}") from error
    return changes
