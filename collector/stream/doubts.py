"""Doubts: what was sent and never confirmed; once the stream can be asked, whether it has it after all."""

import asyncio
from typing import Final

from msgspec import Struct

from collector.stream.parcel import Parcel
from contracts.streams import DUPLICATE_WINDOW_SECONDS

# What is still in a socket when a connection breaks, or a server thaws, may come in this much later than a question.
CALM_SECONDS: Final = 3.0
# After that the stream has forgotten the ids itself.
ANSWERABLE_SECONDS: Final = DUPLICATE_WINDOW_SECONDS - 20.0
MOST: Final = 10_000


class _Doubt(Struct):
    parcel: Parcel
    since: float
    asked_at: float
    landed: "asyncio.Future[bool]"


class Doubts:
    """Every parcel whose callers were told "unknown"; what is not answered in time stays so, and its future is cancelled."""

    def __init__(self) -> None:
        self._open: dict[str, _Doubt] = {}

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._open)

    def add(self, parcel: Parcel, now: float) -> "asyncio.Future[bool]":
        """Return the future that will say whether *parcel* landed."""
        doubt = self._open.get(parcel.message_id)
        if doubt is not None:
            return doubt.landed
        landed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if len(self._open) >= MOST:
            landed.cancel()
            return landed
        self._open[parcel.message_id] = _Doubt(parcel=parcel, since=now, asked_at=now, landed=landed)
        return landed

    def settle(self, message_id: str, *, landed: bool) -> None:
        """Say that what *message_id* names is in the stream since then, or is not."""
        doubt = self._open.pop(message_id, None)
        if doubt is not None and not doubt.landed.done():
            doubt.landed.set_result(landed)

    def due(self, now: float, most: int) -> list[Parcel]:
        """Return up to *most* parcels that the stream should be asked about now."""
        for message_id in [id_ for id_, doubt in self._open.items() if now - doubt.since > ANSWERABLE_SECONDS]:
            self._open.pop(message_id).landed.cancel()
        due = [doubt for doubt in self._open.values() if now - doubt.asked_at >= CALM_SECONDS][:most]
        for doubt in due:
            doubt.asked_at = now
        return [doubt.parcel for doubt in due]

    def age(self, now: float) -> float:
        """Return how many seconds ago the oldest of them was given up."""
        return max((now - doubt.since for doubt in self._open.values()), default=0.0)
