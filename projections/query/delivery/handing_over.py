"""Handing over: what happens before and behind every answer of the API, whichever it is.

Before it: the wait for a write, and 304 where whoever asks has the answer already. Behind it: its tag, and the form that was
asked for. What says so is taken off the address, so that the question behind it is the same.
"""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar import MediaType, Response

from projections.projections import PROJECTIONS, WEB
from projections.projector.projection import Projection
from projections.query.access import caller_in
from projections.query.api import Desk, PlainRequest
from projections.query.asked import site_named
from projections.query.caller import Caller
from projections.query.database import reading
from projections.query.delivery.asked import ASKED, DELIVERY, FACTS_OF, OF_EVERY_FAMILY, PACE, Asked
from projections.query.delivery.forms import FORMAT, Form, accepted, written
from projections.query.delivery.receipts import READ_YOUR_WRITE, receipt_in, wait_for
from projections.query.delivery.tags import Pace, begins_with_the_first_fact, is_known, moment_of, tag_of, unchanged
from projections.query.freshness import freshness
from projections.query.known_sites import known_site
from projections.query.parameters import one_of, read_parameters
from projections.query.problems import Refused, bad_parameter

_NAMES: Final = tuple(parameter.name for parameter in DELIVERY)
_UNNAMED = re.compile(r"[^A-Za-z0-9._-]+")


async def before(request: PlainRequest) -> Response[Any] | None:
    """Return None once the answer may be made, or what is answered in its place; raise Refused."""
    ASKED.set(None)
    desk: Desk = request.app.state.desk
    values = _taken_off(request)
    form = form_of(values, request)
    site = request.path_params.get("site", "")
    caller = caller_in(request)
    of = _facts_of(request)
    if receipt := values.get(READ_YOUR_WRITE.name, [""])[0]:
        receipt_in(receipt)
        if not site:
            raise bad_parameter(READ_YOUR_WRITE.name, "Only an answer about one site waits for a fact. Leave it out.")
        await wait_for(desk.after_write, caller, await _key_of(desk, caller, site), of)
    known = request.headers.get("if-none-match", "")
    try:
        tag = await _tag(request, desk, caller, of, form)
    except Refused:
        # What is wrong with the question comes first, which whoever answers it looks at.
        tag = ""
    # Whether there is any answer at all, which is what a star asks, its handler alone can say.
    if tag and known.strip() != "*" and is_known(tag, known):
        return unchanged(tag)
    path = request.scope["path"].removeprefix("/api/stats").strip("/")
    ASKED.set(Asked(form=form, tag=tag, known=known, name=_UNNAMED.sub("-", path) or "sites"))
    return None


async def behind(response: Response[Any]) -> Response[Any]:
    """Return *response* in the form that was asked for, with its tag."""
    asked = ASKED.get()
    # One of ours names neither its status nor its media type where it is what the handler always answers.
    if asked is None or response.status_code not in (None, HTTPStatus.OK):
        return response
    if response.media_type not in (None, MediaType.JSON):
        # A file, which is handed on as it is made: only its position is known.
        response.headers.update({"ETag": asked.tag} if asked.tag else {})
        return response
    tag = asked.tag or tag_of(asked.form, msgspec.json.encode(response.content))
    if is_known(tag, asked.known):
        return unchanged(tag)
    handed = response if asked.form is Form.JSON else written(response.content, asked.form, name=asked.name)
    handed.headers.setdefault("ETag", tag)
    return handed


def form_of(values: dict[str, list[str]], request: PlainRequest) -> Form:
    """Return the form that *values* or the headers of *request* ask for, or raise Refused."""
    named = one_of(FORMAT, values)
    return Form(named) if named else accepted(request.headers.get("accept", ""))


def _taken_off(request: PlainRequest) -> dict[str, list[str]]:
    """Return what the address says of the delivery, which it says no more."""
    sent: bytes = request.scope["query_string"]
    pairs = parse_qsl(sent.decode("ascii", "ignore"), keep_blank_values=True)
    ours = [pair for pair in pairs if pair[0] in _NAMES]
    if not ours:
        return {}
    values = read_parameters(urlencode(ours).encode(), DELIVERY)
    # Piece by piece, so that whatever else is wrong in it stays for whoever reads it.
    kept = [piece for piece in sent.split(b"&") if piece.partition(b"=")[0].decode("ascii", "ignore") not in _NAMES]
    request.scope["query_string"] = b"&".join(kept)
    return values


def _facts_of(request: PlainRequest) -> Projection:
    found: Callable[[PlainRequest], Projection] | None = request.route_handler.opt.get(FACTS_OF)
    return WEB if found is None else found(request)


async def _key_of(desk: Desk, caller: Caller, site: str) -> str:
    async with reading(desk.engine, caller) as connection:
        return await known_site(connection, caller, site_named(site), desk.listing)


async def _tag(request: PlainRequest, desk: Desk, caller: Caller, of: Projection, form: Form) -> str:
    pace: Pace | None = request.route_handler.opt.get(PACE)
    if pace is None:
        return ""
    query = request.scope["query_string"]
    is_of_all = request.route_handler.opt.get(OF_EVERY_FAMILY, False) or begins_with_the_first_fact(query)
    async with reading(desk.engine, caller) as connection:
        # What is no site of theirs any more has no answer, whatever they have of it.
        if site := request.path_params.get("site", ""):
            await known_site(connection, caller, site_named(site), desk.listing)
        families = PROJECTIONS if is_of_all else (of,)
        marks = [(await freshness(connection, caller, of=each)).mark for each in families]
    # What the settings list is a site without any decision or fact.
    marks += sorted(desk.listing.names_for(caller.tenant))
    return tag_of(*marks, request.scope["path"], query, form, moment_of(query, desk.clock(), pace))
