"""Options that several commands share."""

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grape_rewrite.errors import UserError
from grape_rewrite.rewriting.defaults import MAX_TOKENS
from grape_rewrite.training.config import LARGEST_SEED

if TYPE_CHECKING:
    from grape_rewrite.rewriting import Prompt
    from grape_rewrite.rewriting.precision import Precision
    from grape_rewrite.searching import Searching

DATA_SETS = (
    "a folder in the BEIR layout, [bold]scenes[/bold], [bold]scenes-fresh[/bold], [bold]emoji[/bold], "
    "[bold]definitions[/bold], [bold]definitions-5k[/bold], [bold]paragraphs[/bold] or [bold]composed[/bold]."
)
MODELS = "a model folder, a GGUF file or a name on the model hub."
PROMPTS = (
    "multilingual (the default), long-form, composed, composed-picture (for a rewriter that sees), or a YAML file with "
    "instruction, template and examples"
)
Data = Annotated[str, typer.Argument(help=f"{DATA_SETS[0].upper()}{DATA_SETS[1:]}")]
RETRIEVERS = (
    "lite-clip (OpenMoji drawings), minilm (texts), a model folder, a name on the model hub, or one of your own as "
    "module:function."
)
RetrieverName = Annotated[str, typer.Option("--retriever", help=RETRIEVERS)]
RetrieverOfAdapter = Annotated[
    str | None,
    typer.Option("--retriever", help=RETRIEVERS, show_default="the adapter's own, else lite-clip"),
]


def at_home(name: Any) -> Any:
    """Expand `~`, which a shell leaves as it is in `--rewriter=~/model`."""
    if isinstance(name, (list, tuple)):
        return [at_home(one) for one in name]
    return type(name)(os.path.expanduser(name)) if name else name


RewriterName = Annotated[
    str,
    typer.Option("--rewriter", help=f"gemma-3-270m, a trained adapter, {MODELS}", callback=at_home),
]
StrategyName = Annotated[
    str,
    typer.Option(
        "--strategy",
        help="How to search with rewrites, such as mean-8 or greedy+raw-0.2; "
        "grape evaluate --operating-point names one.",
    ),
]
PromptName = Annotated[
    str | None,
    typer.Option(
        "--prompt",
        help=f"{PROMPTS}; for untrained rewriters, since an adapter brings its own.",
    ),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        "--max-tokens",
        min=2,
        help="Length at which an untrained rewriter's rewrites are cut off, as in training; an adapter brings its own.",
        show_default=str(MAX_TOKENS),
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Seed = Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of all that is drawn by chance.")]
MaxUnreadable = Annotated[
    float, typer.Option(min=0, max=1, help="Share of the corpus whose image may be unreadable; those are skipped.")
]
RemoteCode = Annotated[bool, typer.Option("--trust-remote-code", help="Run code that comes with a model.")]
AllowMismatch = Annotated[
    bool,
    typer.Option(
        "--allow-mismatch",
        help="Accept an adapter that was trained for another retriever, or on queries with pictures where these have "
        "none or the reverse.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Hyperparameters and ways to search, such as batch=128,without=0.5; repeat it if you like.",
        show_default=False,
    ),
]
Searched = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="How to search with an untrained rewriter, such as picture_weight=0.4,without=0.5; an adapter brings its "
        "own.",
        show_default=False,
    ),
]


def read_settings(settings: list[str] | None, **options: Any) -> dict[str, Any]:
    """Return the keys and values that `--set`, once or several times, and options of their own name.

    :param options: by key, what was given with an option of its own; None where it was not.
    :raises UserError: for what is no `key=value`, and for a key that is named twice.
    """
    from grape_rewrite.training.changes import read_changes

    whole = ",".join(settings or [])
    try:
        changes = read_changes(whole) if settings else {}
    except UserError as error:
        raise UserError(f"--set {whole}: {error}") from error
    given = {key: value for key, value in options.items() if value is not None}
    if twice := next((key for key in changes if key in given), None):
        raise UserError(f"{twice} is given twice, as an option and by --set; leave one out")
    return given | changes


def read_searching(settings: list[str] | None) -> "Searching | None":
    """Return the way to search that `--set` names; None where it is not given.

    :raises UserError: for another key, and a value that is not possible.
    """
    from dataclasses import fields

    from grape_rewrite.searching import Searching
    from grape_rewrite.training import TrainingConfig

    if not settings:
        return None
    values, known = read_settings(settings), [field.name for field in fields(Searching)]
    unknown = next((key for key in values if key not in known), None)
    if unknown is not None:
        raise UserError(f"--set {','.join(settings)}: unknown key {unknown!r}; known: {', '.join(known)}")
    return TrainingConfig.of(**values).searching


def read_precision(name: str | None) -> "Precision | None":
    """Return the number format that `--precision` names."""
    from grape_rewrite.rewriting.precision import precision_of

    return None if name is None else precision_of(name)


def read_prompt(name: str | None) -> "Prompt | None":
    """Return the prompt that `--prompt` names."""
    from grape_rewrite.rewriting.prompt import named_prompt

    return None if name is None else named_prompt(name)
