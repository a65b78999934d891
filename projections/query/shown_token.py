"""Shown token: whose a token is, which ends with the key that it was given for; while nobody can check one, that is said."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from contracts.jetstream import JetStreamError
from contracts.tokens import kid_of
from projections.query.caller import Caller, caller_with
from projections.query.credentials import Credentials
from projections.query.problems import unavailable
from projections.stream.connection import StreamUnavailable
from projections.tokens import TokenReader
from projections.vault import VaultClosed

CODE: Final = "tokens_unread"
_NO_VAULT: Final = (
    "No token can be checked here, for this process reads no vault: give it COLLECTOR_NATS_URL and COLLECTOR_MASTER_KEY_FILE. "
    "Until then show the key itself."
)
_AWAY: Final = "No token can be checked while NATS is away. Ask again after Retry-After seconds, or show the key itself."


class ShownTokens:
    """Tokens at the door; ``reader`` is None where no vault is read."""

    def __init__(self, reader: TokenReader | None, credentials: Credentials, clock: Callable[[], datetime]) -> None:
        self._reader = reader
        self._credentials = credentials
        self._clock = clock

    def is_ours(self, text: str) -> bool:
        """Say whether *text* is a token that we have handed out, so that showing it is no guess."""
        return self._reader is not None and self._reader.is_ours(text)

    async def caller(self, text: str) -> Caller | None:
        """Return whose token *text* is, None when it is none that holds; raise Refused while nobody can tell."""
        if not kid_of(text):
            return None
        if self._reader is None:
            raise unavailable(CODE, _NO_VAULT)
        try:
            claims = await self._reader.claims(text)
        except VaultClosed as closed:
            raise unavailable(closed.reason.value, f"No token can be checked now. {closed}") from None
        except (StreamUnavailable, JetStreamError):
            raise unavailable(CODE, _AWAY) from None
        if claims is None:
            return None
        key = await self._credentials.working_key(claims.sub, self._clock())
        if key is None or (key.tenant, key.site) != (claims.tenant, claims.site):
            return None
        return caller_with(key, frozenset(key.scopes).intersection(claims.scopes))
