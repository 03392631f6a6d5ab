"""The commands, put together."""

import logging
import warnings
from importlib.metadata import version
from typing import Annotated

import typer

from grape_rewrite.cli import ablate, data, demo, evaluate, headroom, index, rewrite, search, submit, summary, train
from grape_rewrite.cli.group import OneLineErrors
from grape_rewrite.cli.output import Warnings, say

app = typer.Typer(
    name="grape",
    cls=OneLineErrors,
    help="Teach a small language model to rewrite queries for a retriever that never changes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    add_completion=False,
)
for command in (
    demo.demo,
    headroom.headroom,
    train.train,
    evaluate.evaluate,
    ablate.ablate,
    rewrite.rewrite,
    search.search,
    submit.submit,
    summary.summary,
):
    app.command()(command)
app.command(name="index")(index.embed)
app.add_typer(data.app, name="data")


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"grape {version('grape-rewrite')}")
        raise typer.Exit


@app.callback()
def configure(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Teach a small language model to rewrite queries for a retriever that never changes."""
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=UserWarning)
    ours = logging.getLogger("grape_rewrite")
    if not any(isinstance(handler, Warnings) for handler in ours.handlers):
        ours.addHandler(Warnings(logging.WARNING))
        ours.propagate = False
