"""The vault's bucket in NATS: bytes by name, written by compare-and-set, and erased from the disk with all before them."""

import base64
import logging
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from collector.control.master_key import VaultClosed
from collector.stream.connection import REQUEST_SECONDS, UNREACHABLE, Connection, ask
from contracts.jetstream import (
    MESSAGE_NOT_FOUND,
    STREAM_NAME_IN_USE,
    STREAM_NOT_FOUND,
    WRONG_LAST_SEQUENCE,
    ApiAnswer,
    JetStreamError,
    read_answer,
)
from contracts.vault import FIXED, SUBJECT_ROOT, VAULT_STREAM, ClosedReason, entry_of, entry_subject, vault_settings

log = logging.getLogger(__name__)

_NOTHING = frozenset({STREAM_NOT_FOUND, MESSAGE_NOT_FOUND})


class VaultUnavailable(Exception):
    """NATS does not answer for the vault now, or does not say whether it has stored; it may be asked again."""


class Overtaken(Exception):
    """Somebody else has written the entry since it was read; read it again."""


class Revision(Struct, frozen=True, kw_only=True):
    """What is stored at a name, and the number of the message that holds it."""

    number: int
    stored: bytes

    def __repr__(self) -> str:
        return f"Revision({self.number})"


class Bucket:
    """One stream; whatever is read goes through its leader, so that it is what was written last."""

    def __init__(self, client: Connection, *, replicas: int) -> None:
        self._client = client
        self._replicas = replicas
        self._is_spread = False

    async def last(self, name: str) -> Revision | None:
        """Return the newest revision of *name*."""
        return await self._message({"last_by_subj": entry_subject(name)})

    async def names(self, prefix: str = "") -> list[str]:
        """Return the names that begin with *prefix*."""
        answer = await self._ask("STREAM.INFO", {"subjects_filter": f"{SUBJECT_ROOT}.>"})
        found = [] if answer is None else [entry_of(subject) for subject in answer.state.subjects]
        return sorted(name for name in found if name.startswith(prefix))

    async def write(self, name: str, stored: bytes, *, expected: int) -> int:
        """Store the next revision, erase the former ones and return its number; or raise Overtaken."""
        headers = {"Nats-Expected-Last-Subject-Sequence": str(expected)}
        self._require_connection()
        try:
            message = await self._client.request(entry_subject(name), stored, timeout=REQUEST_SECONDS, headers=headers)
            number = int(read_answer(message.data).seq)
        except JetStreamError as error:
            if error.err_code in WRONG_LAST_SEQUENCE:
                raise Overtaken from None
            raise VaultUnavailable from error
        except UNREACHABLE as error:
            # It may have been stored all the same: no other can have written the same ciphertext.
            last = await self.last(name)
            if last is None or last.stored != stored:
                raise VaultUnavailable from error
            number = last.number
        await self._erase(name, before=number)
        return number

    async def erase(self, name: str) -> None:
        """Take *name* away, with the bytes of every revision."""
        await self._erase(name, before=None)

    async def ensure(self) -> None:
        """Make the bucket where there is none, or raise VaultClosed where it would not keep or erase as it must."""
        wanted = vault_settings(replicas=self._replicas)
        found = await self._ask("STREAM.INFO")
        if found is None:
            found = await self._made(wanted)
        if any(found.config.get(name, wanted[name]) != wanted[name] for name in FIXED):
            raise VaultClosed(ClosedReason.DRIFTED)
        # Once, or two who have been told different numbers would never come to rest.
        if not self._is_spread and found.config.get("num_replicas") != self._replicas:
            await self._spread(found.config)
        self._is_spread = True

    async def remove(self) -> None:
        """Take all of it away, and its files with it."""
        await self._ask("STREAM.DELETE")

    async def _made(self, wanted: Mapping[str, Any]) -> ApiAnswer:
        self._require_connection()
        try:
            await ask(self._client, f"STREAM.CREATE.{VAULT_STREAM}", wanted)
        except JetStreamError as error:
            if error.err_code != STREAM_NAME_IN_USE:  # else another was quicker
                raise VaultUnavailable from error
        except UNREACHABLE as error:
            raise VaultUnavailable from error
        made = await self._ask("STREAM.INFO")
        if made is None:
            raise VaultUnavailable
        return made

    async def _spread(self, settings: Mapping[str, Any]) -> None:
        try:
            await ask(self._client, f"STREAM.UPDATE.{VAULT_STREAM}", {**settings, "num_replicas": self._replicas})
        except (JetStreamError, *UNREACHABLE) as error:
            # What there is goes on as it was: no promise rests on the number, only how long an outage lasts.
            log.warning("the vault has not as many copies as the streams", extra={"error": type(error).__name__})

    async def _erase(self, name: str, *, before: int | None) -> None:
        while (oldest := await self._message({"seq": 1, "next_by_subj": entry_subject(name)})) is not None:
            if before is not None and oldest.number >= before:
                return
            # Without no_erase: JetStream writes the block again without the bytes.
            await self._ask("STREAM.MSG.DELETE", {"seq": oldest.number})

    async def _message(self, question: Mapping[str, Any]) -> Revision | None:
        answer = await self._ask("STREAM.MSG.GET", question)
        if answer is None:
            return None
        return Revision(number=answer.message.seq, stored=base64.b64decode(answer.message.data))

    async def _ask(self, subject: str, question: Mapping[str, Any] | None = None) -> ApiAnswer | None:
        """Return what JetStream answers, None when there is no such bucket or message."""
        self._require_connection()
        try:
            return await ask(self._client, f"{subject}.{VAULT_STREAM}", question)
        except JetStreamError as error:
            if error.err_code in _NOTHING:
                return None
            raise VaultUnavailable from error
        except UNREACHABLE as error:
            raise VaultUnavailable from error

    def _require_connection(self) -> None:
        # What is written while it is lost would be kept, and sent when nobody waits for it any more.
        if not self._client.is_connected:
            raise VaultUnavailable
