"""The page of a site's logs: how many lines there are, and a search through them by everything that a line says."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.mended import Wrong, mended
from projections.dashboard.pages.families import tabs_of
from projections.dashboard.views import Views
from projections.projections import LOGS
from projections.query.api import Desk, PlainRequest
from projections.query.asked import site_named
from projections.query.caller import Caller
from projections.query.database import reading
from projections.query.freshness import Freshness, freshness
from projections.query.known_sites import known_site
from projections.query.logs.numbers import LogNumbers, numbers
from projections.query.logs.parameters import KIND, LOG_PARAMETERS, MOMENTS, PAGE, PRIORITY, SESSION, TEXTS, USER, said
from projections.query.logs.parameters import parse_log_question as parse
from projections.query.logs.question import LogQuestion
from projections.query.logs.search import Line, count_lines, page_of
from projections.query.parameters import AFTER, Parameter
from projections.replies.people import standing_for
from projections.replies.subjects import Subjects
from projections.vault import VaultReader

_TITLES: Final = {
    "type": "Type",
    "priority": "Priority",
    "name": "Name",
    "user": "User",
    "session": "Session",
    "provider": "Provider",
    "version": "App version",
    "from": "From (UTC)",
    "to": "To (UTC)",
}


class Field(Struct, frozen=True, kw_only=True):
    """One field of the form: a choice where it has choices, a moment where it is one, else a text."""

    name: str
    title: str
    meaning: str
    value: str
    choices: tuple[str, ...]
    is_moment: bool


class Shown(Struct, frozen=True, kw_only=True):
    """One line as it is shown: its properties and its device as names and values."""

    line: Line
    at: datetime
    details: list[tuple[str, Any]]
    of_subject: str
    of_session: str


class LogsPage(Struct, frozen=True, kw_only=True):
    """What the page shows; ``earlier`` and ``later`` lead to the pages beside this one, where there are any.

    What was ``wrong`` is said beside its field.
    """

    site: str
    here: str
    fields: list[Field]
    is_narrowed: bool
    numbers: LogNumbers
    lines: list[Shown]
    found: int
    first: int
    earlier: str
    later: str
    freshness: Freshness
    wrong: Wrong | None = None


@get("/sites/{site:str}/logs", include_in_schema=False)
async def show_logs(
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    views: NamedDependency[Views],
    request: PlainRequest,
    site: FromPath[str],
) -> Response[Any]:
    """Show the lines that fit what the address says, the newest first."""
    claimed = site_named(site)
    values, question, wrong = mended(
        request.scope["query_string"], (*LOG_PARAMETERS, AFTER), lambda said: parse(said, caller=caller, site=claimed)
    )
    async with reading(desk.engine, caller) as connection:
        key = await known_site(connection, caller, claimed, desk.listing)
        if key != claimed:
            return Redirect(_href(key, values), status_code=303)
        asked = await _about_people(connection, question, values, request.app.state.vault)
        page = replace(await _compose(connection, asked, values, desk.clock()), wrong=wrong)
        families = await tabs_of(connection, caller, key)
    # Found anew each time: what is found depends on more than on what has come in.
    html = views.render("logs.html", page=page, families=families)
    return Response(html, media_type=_HTML, headers={"Cache-Control": "no-store"}, status_code=400 if wrong else 200)


_HTML: Final = "text/html"


async def _about_people(
    connection: AsyncConnection, question: LogQuestion, values: Mapping[str, list[str]], vault: VaultReader | None
) -> LogQuestion:
    """Return *question* about the user and the session that *values* name."""
    user, session = [
        await standing_for(said(parameter, values), connection, Subjects(vault), caller=question.caller, site=question.site)
        for parameter in (USER, SESSION)
    ]
    return replace(question, subjects=user, sessions=session)


async def _compose(
    connection: AsyncConnection, question: LogQuestion, values: Mapping[str, list[str]], now: datetime
) -> LogsPage:
    site = question.site
    found = await count_lines(connection, question)
    lines = await page_of(connection, question, found)
    page = question.offset // question.limit + 1
    return LogsPage(
        site=site,
        here=_href(site, {}),
        fields=[_field(parameter, values) for parameter in (KIND, PRIORITY, *TEXTS, *MOMENTS)],
        is_narrowed=any(said(parameter, values) for parameter in LOG_PARAMETERS if parameter is not PAGE),
        numbers=await numbers(connection, LogQuestion(caller=question.caller, site=site), now),
        lines=[_shown(line, site, values) for line in lines],
        found=found,
        first=question.offset + 1,
        earlier=_href(site, {**values, PAGE.name: [str(page + 1)]}) if question.offset + len(lines) < found else "",
        later=_href(site, {**values, PAGE.name: [str(page - 1)]}) if page > 1 else "",
        freshness=await freshness(connection, question.caller, of=LOGS),
    )


def _field(parameter: Parameter, values: Mapping[str, list[str]]) -> Field:
    return Field(
        name=parameter.name,
        title=_TITLES[parameter.name],
        meaning=parameter.meaning,
        value=said(parameter, values),
        choices=parameter.choices,
        is_moment=parameter in MOMENTS,
    )


def _shown(line: Line, site: str, values: Mapping[str, list[str]]) -> Shown:
    narrowed = {name: value for name, value in values.items() if name != PAGE.name}
    return Shown(
        line=line,
        at=line.received_at,
        details=[*(line.props or {}).items(), *((f"device.{name}", value) for name, value in (line.device or {}).items())],
        of_subject=_href(site, {**narrowed, USER.name: [line.subject]}) if line.subject else "",
        of_session=_href(site, {**narrowed, SESSION.name: [line.session]}) if line.session else "",
    )


def _href(site: str, values: Mapping[str, list[str]]) -> str:
    pairs = [(name, each[0]) for name, each in values.items() if each[0] and name != AFTER.name]
    return f"/sites/{quote(site)}/logs" + (f"?{urlencode(pairs, quote_via=quote)}" if pairs else "")
