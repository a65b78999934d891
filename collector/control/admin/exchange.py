"""/v1/token: a key is exchanged for a token that lives for minutes, so that the key itself stays where it is kept."""

from datetime import datetime

from litestar import post
from litestar.di import NamedDependency
from msgspec import Struct

from collector.control.admin.desk import Desk, PlainRequest
from collector.control.denied import DeniedReason
from collector.control.shown_key import key_in, working_key


class TokenAnswer(Struct, frozen=True, kw_only=True):
    """A token, to be sent as ``Authorization: Bearer``."""

    access_token: str
    expires_in: int
    expires_at: datetime
    token_type: str = "Bearer"  # noqa: S105  # a word, and none


@post("/v1/token", summary="Exchange a key for a token", status_code=200)
async def exchange_key(request: PlainRequest, desk: NamedDependency[Desk]) -> TokenAnswer:
    """Return a token for the key in X-API-Key or Authorization; it may do what the key may, and ends with it."""
    shown = key_in(x_api_key=request.headers.get("x-api-key", ""), authorization=request.headers.get("authorization", ""))
    now = desk.clock()
    with desk.sign_ins.a_try(address=desk.where(request), wrong=DeniedReason.TOKEN):
        token = await desk.tokens.exchange(await working_key(desk.roster, shown, now))
    seconds = int((token.expires_at - now).total_seconds())
    return TokenAnswer(access_token=token.text, expires_in=seconds, expires_at=token.expires_at)
