"""Denied: why somebody is not signed in, not let in, or not changed; a closed list, each with words that say what to do."""

from enum import StrEnum
from typing import Final

from collector.control.passwords import LONGEST, SHORTEST


class DeniedReason(StrEnum):
    """Why; the value is the problem document's ``code``."""

    WRONG_SIGN_IN = "wrong_sign_in"
    SLOWED = "slowed"
    PACE = "rate_limited"
    BUSY = "busy"
    NOT_SIGNED_IN = "not_signed_in"
    NO_INVITATION = "no_invitation"
    NAME = "bad_name"
    NAME_TAKEN = "name_taken"
    ADDRESS = "bad_address"
    PASSWORD = "bad_password"  # noqa: S105  # a word, and none
    NO_SESSION = "no_session"
    CHANGED = "changed"
    TOKEN = "no_token"  # noqa: S105  # a word, and none


WORDS: Final = {
    DeniedReason.WRONG_SIGN_IN: "Name and password do not fit. Look whether Caps Lock is on, and try again.",
    DeniedReason.SLOWED: "There were too many wrong tries. Wait as long as Retry-After says, then try again.",
    DeniedReason.PACE: "That is too much at once. Wait as long as Retry-After says, then send it again.",
    DeniedReason.BUSY: "Too many are signing in at once. Try again in a moment.",
    DeniedReason.NOT_SIGNED_IN: "Sign in first: POST name and password to /v1/admin/sessions.",
    DeniedReason.NO_INVITATION: "The link is used up, too old, or not whole. Ask whoever sent it for another.",
    DeniedReason.NAME: "A name has 1 to 100 characters, and none that cannot be seen. Choose another.",
    DeniedReason.NAME_TAKEN: "Somebody has that name already. Choose another.",
    DeniedReason.ADDRESS: "An address has at most 254 characters, and none that cannot be seen. Correct it, or leave it out.",
    DeniedReason.PASSWORD: f"A password has {SHORTEST} to {LONGEST} characters. A few words are easy to keep in mind.",
    DeniedReason.NO_SESSION: "There is no such session of yours. Look at the list of sessions.",
    DeniedReason.CHANGED: "Somebody else has decided about it meanwhile. Look at it again, and decide again.",
    DeniedReason.TOKEN: "The key, or token, is not one that works here. Send a key as Authorization: Bearer, or make another.",
}


class Denied(Exception):
    """Nothing was done, for *reason*; *field* is what it is about, and *retry_after* are seconds where waiting helps."""

    def __init__(self, reason: DeniedReason, *, field: str = "", retry_after: int | None = None) -> None:
        super().__init__(WORDS[reason])
        self.reason = reason
        self.field = field
        self.retry_after = retry_after
