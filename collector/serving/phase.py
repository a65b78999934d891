"""Phase: how far a connection has come with its request."""

from enum import Enum, auto


class Phase(Enum):
    """Whose turn it is: in all but ANSWER it is the client's."""

    HEAD = auto()
    BODY = auto()
    ANSWER = auto()
    IDLE = auto()


UNFINISHED = (Phase.HEAD, Phase.BODY)
