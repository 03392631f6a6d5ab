"""The command line: `grape`."""

import os


def main() -> None:
    """Run `grape`. A mistake of the user's is one line on standard error and exit code 2."""
    # Set before the libraries are imported, since they read these once.
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

    from grape_rewrite.cli.app import app

    app()
