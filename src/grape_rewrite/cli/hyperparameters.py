"""`grape train --hyperparameters`: every hyperparameter, what it is by default, what is valid, and what it does."""

from typing import Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo
from rich.box import SIMPLE_HEAD
from rich.table import Table

from grape_rewrite.cli.output import results
from grape_rewrite.training.config import TrainingConfig

WORDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def show_hyperparameters(asked: bool) -> None:
    """Print the table and end, where it is asked for."""
    if asked:
        results.print(hyperparameters())
        raise typer.Exit()


def hyperparameters() -> Table:
    """Return the hyperparameters of `grape train` and `grape ablate`, in the order of the config."""
    table = Table(
        box=SIMPLE_HEAD,
        show_lines=True,
        caption="In a YAML config, or with --set KEY=VALUE, of grape train and grape ablate.",
    )
    for heading in ("key", "default", "valid", "what it is"):
        table.add_column(heading, no_wrap=heading == "key")
    for key, field in TrainingConfig.model_fields.items():
        default = "" if field.default is None else str(field.default)
        table.add_row(key, default, valid(field), str(field.description))
    return table


def valid(field: FieldInfo) -> str:
    """Return in words what a value may be.

    >>> valid(TrainingConfig.model_fields["learning_rate"]), valid(TrainingConfig.model_fields["scale"])
    ('above 0, below 1', 'batch or group')
    """
    if names := _names(field.annotation):
        return " or ".join(names)
    bounds = {key: getattr(one, key) for one in field.metadata for key in WORDS if getattr(one, key, None) is not None}
    return ", ".join(f"{WORDS[key]} {bound:g}" for key, bound in bounds.items())


def _names(annotation: Any) -> list[str]:
    if annotation is bool:
        return ["true", "false"]
    return list(get_args(annotation)) if get_origin(annotation) is Literal else []
