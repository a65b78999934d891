"""The facts of one site as the streams hold them: how many there are, where they stand, and taking one out with its bytes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from collector.stream.connection import Connection, ask
from contracts.jetstream import (
    MESSAGE_NOT_FOUND,
    NOTHING_TO_DELETE,
    STREAM_NOT_FOUND,
    ApiAnswer,
    JetStreamError,
)
from contracts.streams import SUBJECT_ROOT, subjects_of_site

_EVERY_FACT: Final = f"{SUBJECT_ROOT}.>"


class Holding(Struct, frozen=True, kw_only=True):
    """A stream that holds *messages* facts of the site, and since when there is that stream."""

    stream: str
    created: datetime
    messages: int


class StoredFacts:
    """The facts of the site *key* of *tenant*; every question goes to a stream's leader."""

    def __init__(self, client: Connection, tenant: str, key: str) -> None:
        self._client = client
        self._subjects = subjects_of_site(tenant, key)

    async def holdings(self) -> list[Holding]:
        """Return what each stream of facts holds of the site, also where that is nothing."""
        names = (await ask(self._client, "STREAM.NAMES", {"subject": _EVERY_FACT})).streams or []
        found = [(name, await self._info(name)) for name in sorted(names)]
        return [
            Holding(stream=name, created=info.created, messages=sum(info.state.subjects.values()))
            for name, info in found
            if info is not None and info.created is not None
        ]

    async def first_after(self, stream: str, seq: int) -> int | None:
        """Return where the first fact behind *seq* stands, None when there is none."""
        try:
            answer = await ask(self._client, f"STREAM.MSG.GET.{stream}", {"seq": seq + 1, "next_by_subj": self._subjects})
        except JetStreamError as error:
            if error.err_code in {MESSAGE_NOT_FOUND, STREAM_NOT_FOUND}:
                return None
            raise
        return answer.message.seq

    async def first(self, stream: str, *, most: int) -> list[int]:
        """Return where the first *most* facts stand."""
        found: list[int] = []
        while len(found) < most and (seq := await self.first_after(stream, found[-1] if found else 0)) is not None:
            found.append(seq)
        return found

    async def erase(self, stream: str, seq: int) -> None:
        """Take the message at *seq* out of *stream*, where it is still there, and its bytes out of the block on the disk."""
        try:
            # Without an erasing delete the bytes would stay in the block, as with a purge.
            await ask(self._client, f"STREAM.MSG.DELETE.{stream}", {"seq": seq, "no_erase": False})
        except JetStreamError as error:
            if error.err_code not in NOTHING_TO_DELETE or await self._is_there(stream, seq):
                raise

    async def _is_there(self, stream: str, seq: int) -> bool:
        return await self.first_after(stream, seq - 1) == seq

    async def _info(self, stream: str) -> ApiAnswer | None:
        try:
            return await ask(self._client, f"STREAM.INFO.{stream}", {"subjects_filter": self._subjects})
        except JetStreamError as error:
            if error.err_code != STREAM_NOT_FOUND:
                raise
            return None


def runs_of(sequences: Sequence[int]) -> list[tuple[int, int]]:
    """Return *sequences*, which rise, as runs without a hole, each by its first and its last."""
    runs: list[tuple[int, int]] = []
    for seq in sequences:
        if runs and seq == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], seq)
        else:
            runs.append((seq, seq))
    return runs
