"""The ledger of a chaos run: every event that a client sent, and everything that it was told about it."""

from collections import Counter
from enum import StrEnum

from collector.record import uuid8

TENANT = "main"
SITE = "chaos.example"


class Told(StrEnum):
    """What one attempt to send an event ended in, for the client."""

    STORED = "stored"
    UNAVAILABLE = "unavailable"
    NOTHING = "nothing"
    REFUSED = "refused"


class Ledger:
    """What every client knows: ``stored`` must be counted once, ``unknown`` once or never, and nothing else at all."""

    def __init__(self) -> None:
        self._told: dict[str, set[Told]] = {}
        self.answers: Counter[Told] = Counter()

    def note(self, key: str, told: Told) -> None:
        """Note the end of one attempt to send the event *key*."""
        self._told.setdefault(id_of(key), set()).add(told)
        self.answers[told] += 1

    @property
    def stored(self) -> set[str]:
        """The ids of the events of which at least one attempt was acknowledged."""
        return {id_ for id_, told in self._told.items() if Told.STORED in told}

    @property
    def unknown(self) -> set[str]:
        """The ids of the events of which no attempt was acknowledged and some may have arrived."""
        doubtful = {Told.UNAVAILABLE, Told.NOTHING}
        return {id_ for id_, told in self._told.items() if Told.STORED not in told and told & doubtful}

    def __len__(self) -> int:
        return len(self._told)


def id_of(key: str) -> str:
    """Return the id that the product gives to the event that a client calls *key*."""
    return uuid8(TENANT, SITE, key)
