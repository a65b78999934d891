"""Recognise: the key that a request shows -> who sends; refusals tell nothing of a key but to who holds all of it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, TypeAlias

from collector.control.directory import Directory
from collector.hit import Sender
from collector.outcomes import KeyEnded, Refused, RefuseReason
from collector.recognise import Recognise
from contracts.keys import ListedKey, digest_of, id_in, same_digest

# A text that is no key of ours nor a listed one, such as a short-lived token -> who shows it, None where it is none.
ReadToken: TypeAlias = Callable[[str], Sender | None]
# Far more than any key or token has: what is longer is nobody's, and is not hashed.
LONGEST_SHOWN: Final = 4096


def no_token(text: str) -> None:  # the reader of an installation without tokens
    """Return that *text* is no token."""


def recogniser(
    directory: Directory,
    listed: Iterable[ListedKey],
    clock: Callable[[], datetime],
    *,
    read_token: ReadToken = no_token,
) -> Recognise:
    """Return what tells who shows a key: one of *directory*, of the settings' *listed* ones, or a token."""
    senders = {each.digest: _sender_of(each) for each in listed}

    def recognise(shown_key: str, scope: str) -> Sender:
        """Return who shows *shown_key*; raise Refused when nobody who may, or their key does not allow *scope*."""
        directory.refuse_unread()
        sender = _sender(shown_key)
        if sender is None or sender.tenant in directory.things.archived:
            raise Refused(RefuseReason.UNAUTHENTICATED)
        if scope and scope not in sender.scopes:
            raise Refused(RefuseReason.FORBIDDEN)
        return sender

    def _sender(shown: str) -> Sender | None:
        if len(shown) > LONGEST_SHOWN:
            return None
        digest = digest_of(shown)
        short = id_in(shown)
        key = None if short is None else directory.things.keys.get(short)
        is_right = same_digest(digest, None if key is None else key.digest)
        if key is not None and is_right:
            if not key.works_at(clock()):
                raise KeyEnded
            return key.sender
        # A digest tells nothing of what it is of, so that it may be looked up.
        return senders.get(digest) or read_token(shown)

    return recognise


def _sender_of(key: ListedKey) -> Sender:
    return Sender(credential=key.id, scopes=key.scopes, tenant=key.tenant, is_server=True)
