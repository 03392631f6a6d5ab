"""What was typed, and what is to be typed next, as lines for a shell."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import typer


def typed(context: typer.Context) -> str:
    """Return the command of a context as a shell line, with all that was given, but for `--json`.

    What was left to its default is left out.
    """
    given: dict[str, Any] = {}
    words = [str(context.info_name)]
    for parameter in context.command.params:
        source = context.get_parameter_source(str(parameter.name))
        if source is None or source.name != "COMMANDLINE" or parameter.name == "json":
            continue
        value, option = context.params[str(parameter.name)], parameter.opts[-1]
        if option.startswith("-"):
            given[option] = value
        else:
            words.append(str(value))
    return command(words, given)


def command(words: Sequence[str], options: Mapping[str, Any]) -> str:
    """Return a command as a shell line.

    >>> command(["search", "scenes", "red apple"], {"--set": ["without=0.5"], "--json": True, "--prompt": None})
    "grape search scenes 'red apple' --set without=0.5 --json"

    :param words: the command's name and its arguments.
    :param options: values by option; a list repeats its option, and what is None, False or an empty list is left out.
    """
    line = ["grape", *words]
    for option, value in options.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is not None and one is not False:
                line += [option] if one is True else [option, str(one)]
    return shlex.join(line)
