"""Receipts: an answer that is asked for with what a store answer gave waits until that fact is in it."""

import re
from typing import Final

from projections.projector.projection import Projection
from projections.query.after_write import AfterWrite, Behind
from projections.query.caller import Caller
from projections.query.parameters import Parameter
from projections.query.problems import bad_parameter, unavailable

READ_YOUR_WRITE: Final = Parameter(
    name="read_your_write",
    meaning="The id that a store answer gave: the answer waits until that fact is in it, or is 503.",
)
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def receipt_in(text: str, field: str = READ_YOUR_WRITE.name) -> str:
    """Return the receipt that *text* is, or raise Refused."""
    if not _ID.fullmatch(text.lower()):
        raise bad_parameter(field, "Send the id of a store answer, which Prefer: return=representation asks for. It is a UUID.")
    return text.lower()


async def wait_for(after_write: AfterWrite, caller: Caller, site: str, of: Projection) -> None:
    """Return once *of* has everything that was stored about *site* before the question, its receipts' facts included.

    Raise Refused where that takes too long, or where nobody can tell.
    """
    behind = await after_write.wait(caller, site, of)
    if behind is Behind.LATE:
        detail = "What was stored is not counted yet. Ask again after Retry-After, or without read_your_write."
        raise unavailable("behind", detail, retry_after=1)
    if behind is Behind.UNKNOWN:
        detail = "Nobody can tell now how far facts are counted. Ask again after Retry-After, or without read_your_write."
        raise unavailable("position_unknown", detail, retry_after=2)
