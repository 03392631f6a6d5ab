"""What was typed, to be shown where somebody will want to do it again."""

import shlex

import typer


def typed(context: typer.Context) -> str:
    """Return the command of a context as a shell line, with all that was given, but for `--json`.

    What was left to its default is left out.
    """
    words = ["grape", str(context.info_name)]
    for parameter in context.command.params:
        source = context.get_parameter_source(str(parameter.name))
        if source is None or source.name != "COMMANDLINE" or parameter.name == "json":
            continue
        value = context.params[str(parameter.name)]
        for one in value if isinstance(value, (list, tuple)) else [value]:
            option = parameter.opts[-1]
            words += [option] * option.startswith("-") + ([] if one is True else [str(one)])
    return shlex.join(words)
