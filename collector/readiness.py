"""What readiness says of each thing that it depends on: nothing, what is wrong, or a note that is no reason to send no work."""


class Note(str):
    """Something that has to be mended while everything goes on: it is shown, and the process stays ready."""

    __slots__ = ()
