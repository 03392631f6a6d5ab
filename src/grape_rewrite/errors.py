"""What went wrong, in words for the person at the keyboard."""


class UserError(Exception):
    """A mistake in the input: a file, a value, a missing package. Its text is one line that names the cause and a cure.

    The command line prints it without a traceback and exits with code 2.
    """
