"""Doubts: what was sent and never confirmed; once the stream can be asked, whether it has it after all."""

from typing import Final

from msgspec import Struct

from collector.fate import Fate
from collector.stream.parcel import Parcel
from contracts.streams import DUPLICATE_WINDOW_SECONDS

# What is still in a socket when a connection breaks, or a server thaws, may come in this much later than a new connection.
CALM_SECONDS: Final = 3.0
# After that the stream has forgotten the ids itself.
ANSWERABLE_SECONDS: Final = DUPLICATE_WINDOW_SECONDS - 20.0
# A frozen node of a cluster hands on what is in its socket when it thaws: no sooner is it said that something did not land.
HOPELESS_SECONDS: Final = ANSWERABLE_SECONDS - 20.0
MOST: Final = 10_000


class _Doubt(Struct):
    parcel: Parcel
    since: float
    asked_at: float
    fates: list[Fate]


class Doubts:
    """Every parcel whose callers were told "unknown"; what cannot be answered in time stays so."""

    def __init__(self) -> None:
        self._open: dict[str, _Doubt] = {}

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._open)

    def fate_of(self, parcel: Parcel, now: float) -> Fate:
        """Return where one of the callers of *parcel* will hear whether it landed."""
        fate = Fate()
        doubt = self._open.get(parcel.message_id)
        if doubt is not None:
            doubt.fates.append(fate)
        elif len(self._open) < MOST:
            self._open[parcel.message_id] = _Doubt(parcel=parcel, since=now, asked_at=now, fates=[fate])
        return fate

    def settle(self, message_id: str, *, landed: bool) -> None:
        """Say that what *message_id* names is in the stream since then, or is not; of several with one id one has landed."""
        doubt = self._open.pop(message_id, None)
        if doubt is None:
            return
        first, *repeats = doubt.fates
        (first.landed if landed else first.not_landed)()
        for repeat in repeats:
            repeat.not_landed()

    def due(self, now: float, most: int, *, again: float = CALM_SECONDS) -> list[Parcel]:
        """Return up to *most* parcels that the stream should be asked about now, and then after *again* seconds."""
        for message_id in [id_ for id_, doubt in self._open.items() if now - doubt.since > ANSWERABLE_SECONDS]:
            del self._open[message_id]
        due = [
            doubt
            for doubt in self._open.values()
            if now - doubt.asked_at >= (CALM_SECONDS if doubt.asked_at == doubt.since else again)
        ][:most]
        for doubt in due:
            doubt.asked_at = now
        return [doubt.parcel for doubt in due]

    def oldest(self, now: float) -> float:
        """Return how many seconds ago the oldest of them was given up."""
        return max((now - doubt.since for doubt in self._open.values()), default=0.0)

    def is_hopeless(self, message_id: str, now: float) -> bool:
        """Say whether a stream of several nodes, one of which may be frozen, can have heard nothing more of it by now."""
        doubt = self._open.get(message_id)
        return doubt is not None and now - doubt.since > HOPELESS_SECONDS
