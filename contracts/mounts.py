"""The systems that are mounted whole, each under its name; a site may be bound to one, for what comes without a credential."""

from enum import StrEnum


class Mount(StrEnum):
    """A system whose clients are answered in its own form, under ``/<mount>``."""

    BILAN = "bilan"
    NODASH = "nodash"
    MINIGEM = "minigem"
    FLOWCORE = "flowcore"
    CHANGE66 = "change66"
