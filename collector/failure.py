"""Failure: why a command cannot go on, whichever room found out; the command line shows its words and exits with 1."""


class Failure(Exception):
    """Something that whoever runs the command can mend: the text says what is wrong, which, and what to do."""
