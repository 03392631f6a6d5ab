"""How a command ends: a user's mistake in one line with exit code 2, Ctrl-C with 130."""

import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from grape_rewrite.cli.output import note
from grape_rewrite.errors import INTERRUPTED, UserError

# Typer brings its own copy of click or uses the installed one, by version; this is the class of whichever it is.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]


class OneLineErrors(TyperGroup):
    """The commands of `grape`. Errors that are not the user's keep their traceback."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and leave with its exit code; without `standalone_mode`, return the code."""
        try:
            result = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
            code = result if isinstance(result, int) else 0
        except UserError as error:
            code = _refuse(str(error))
        except UsageError as error:
            # An empty message belongs to a command without arguments, whose help has been shown already.
            message = error.format_message()  # type: ignore[attr-defined]
            code = _refuse(message) if message else 2
        except (KeyboardInterrupt, typer.Abort):
            note("Interrupted.")
            code = INTERRUPTED
        if standalone_mode:
            sys.exit(code)
        return code

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for; Ctrl-C is an abort, where versions of typer end in silence."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Abort from None


def _refuse(message: str) -> int:
    sys.stderr.write(f"error: {' '.join(message.split())}\n")
    return 2
