"""The command line: `grape`."""

import sys

from grape_rewrite.errors import INTERRUPTED
from grape_rewrite.quiet import quiet_libraries


def main() -> None:
    """Run `grape`. A mistake of the user's is one line on standard error and exit code 2."""
    quiet_libraries()
    try:
        from grape_rewrite.cli.app import app
    except KeyboardInterrupt:  # importing takes long enough for a change of mind
        sys.exit(INTERRUPTED)
    app()
