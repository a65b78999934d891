"""Nodash's exchange of a key for a token, in its shape; the token is one of ours, and ends with the key."""

from datetime import datetime
from typing import Any, Final

from litestar import Response, post
from litestar.di import NamedDependency

from collector.control.admin.desk import Desk, PlainRequest
from collector.control.denied import Denied, DeniedReason
from collector.control.shown_key import working_key

_TEMPLATES: Final = ("/auth/token", "/v1/auth/token", "/nodash/auth/token", "/nodash/v1/auth/token")


@post(list(_TEMPLATES), summary="Exchange a key for a token, as Nodash's clients ask", status_code=200)
async def exchange_nodash_key(request: PlainRequest, desk: NamedDependency[Desk]) -> Response[Any]:
    """Return a token for the key in X-API-Key; ``expiresIn`` says how long it lives."""
    now = desk.clock()
    shown = request.headers.get("x-api-key", "").strip()
    if not shown:
        return _document(400, {"error": "API key required", "message": "Provide x-api-key header"}, now)
    address = desk.where(request)
    try:
        desk.sign_ins.require_patience(address=address)
        token = await desk.tokens.exchange(await working_key(desk.roster, shown, now))
    except Denied as denied:
        if denied.reason is not DeniedReason.TOKEN:
            raise
        return _document(401, {"error": "Invalid API key"}, now)
    desk.throttle.forgive(address=address)
    minutes = int((token.expires_at - now).total_seconds()) // 60
    said = {
        "token": token.text,
        "type": "Bearer",
        "expiresIn": f"{minutes}m",
        "message": "Use this token in Authorization: Bearer <token> header",
    }
    return _document(200, said, now)


def _document(status: int, said: dict[str, str], now: datetime) -> Response[Any]:
    stamp = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z"
    return Response(said | {"timestamp": stamp}, status_code=status)
