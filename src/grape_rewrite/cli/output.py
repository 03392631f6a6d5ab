"""Where commands print to: results to standard output, all else to standard error."""

import sys

from rich.console import Console

results = Console(soft_wrap=True, highlight=False)
notes = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Print a line of plain text; nothing in it is markup."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
