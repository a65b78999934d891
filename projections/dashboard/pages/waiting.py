"""The setup page of a site: what has been seen of it until somebody's first event is there."""

from difflib import SequenceMatcher
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.links import PageState
from projections.dashboard.panels.mistakes import Note, notes_on
from projections.dashboard.panels.not_stored import in_words
from projections.query.mistakes import mistakes_in
from projections.query.parameters import Who
from projections.query.question import WebQuestion
from projections.query.signs import robots_only, signs_of
from projections.query.tallies import UnknownSite, not_stored, told_until

_NAMES_SHOWN: Final = 5


class Waiting(Struct, frozen=True, kw_only=True):
    """What the setup page shows beside the snippet.

    ``origin`` is what a Content-Security-Policy names. ``lost`` says how hits of the site ended that were not stored, and
    ``unknown`` are names of no site that hits came for, those first that are like the site's. ``robots`` leads to what robots
    have done, where they alone were there.
    """

    site: str
    origin: str
    notes: list[Note]
    lost: str
    unknown: list[UnknownSite]
    robots: str


async def waiting_of(connection: AsyncConnection, question: WebQuestion, state: PageState, public_url: str) -> Waiting:
    """Return what there is to say while nobody has been at the site of *question*."""
    caller, site, now = question.caller, question.site, question.now
    told = await not_stored(connection, caller, [site], now)
    robots = await robots_only(connection, caller, site)
    signs = [one for one in await signs_of(connection, caller, now, await told_until(connection)) if one.site == site]
    unknown = [] if told is None else sorted(told[0].unknown_sites, key=lambda one: -_likeness(one.site, site))
    address = urlsplit(public_url)
    return Waiting(
        site=site,
        origin=f"{address.scheme}://{address.netloc}",
        notes=notes_on(mistakes_in(signs, {site: robots})),
        lost="" if told is None else in_words(told[1][site]),
        unknown=unknown[:_NAMES_SHOWN],
        robots=state.about(Who.BOT).href() if robots else "",
    )


def _likeness(name: str, site: str) -> float:
    return SequenceMatcher(None, name, site).ratio()
