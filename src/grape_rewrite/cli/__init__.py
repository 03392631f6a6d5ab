"""The command line: `grape`."""

from grape_rewrite.quiet import quiet_libraries


def main() -> None:
    """Run `grape`. A mistake of the user's is one line on standard error and exit code 2."""
    quiet_libraries()

    from grape_rewrite.cli.app import app

    app()
