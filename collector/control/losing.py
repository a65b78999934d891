"""Whether the decisions were lost, for a process that has read none of them: the vault knows members, and the stream none."""

from typing import Final

from collector.stream.connection import Connection, ask
from contracts.control.loss import acceptance_in
from contracts.control.people import KIND
from contracts.control.stream import CONTROL_STREAM, subject_of
from contracts.jetstream import STREAM_NOT_FOUND, ApiAnswer, JetStreamError
from contracts.vault import VAULT_STREAM, entry_subject, member_entry

_ANYBODY: Final = "*"


class DecisionsLost(Exception):
    """The stream knows less than the vault: nothing may be decided on it, and nobody is a guest."""


async def are_lost(client: Connection, stream: ApiAnswer | None) -> bool:
    """Say whether *stream*, None where there is none, lacks what the vault shows was decided, and nobody has accepted that.

    Who joined was invited first, so that the stream knows each member whom the vault does.
    """
    if stream is not None and (acceptance_in(stream.config) or await _are_any(client, CONTROL_STREAM.name, _MEMBERS)):
        return False
    return await _are_any(client, VAULT_STREAM, _PARTICULARS)


_MEMBERS: Final = subject_of(f"{KIND}:{_ANYBODY}", _ANYBODY)
_PARTICULARS: Final = entry_subject(member_entry("x")).removesuffix("x") + _ANYBODY


async def _are_any(client: Connection, stream: str, subjects: str) -> bool:
    try:
        found = await ask(client, f"STREAM.INFO.{stream}", {"subjects_filter": subjects})
    except JetStreamError as error:
        if error.err_code != STREAM_NOT_FOUND:
            raise
        return False
    return bool(found.state.subjects)
