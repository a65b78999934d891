"""What pages have in common: how their address is read, and the mark by which a browser learns that nothing has changed."""

from collections.abc import Callable
from typing import Any

from litestar import MediaType, Response
from msgspec import Struct

from projections.dashboard.assets import fingerprint
from projections.dashboard.links import PageState, state_of
from projections.dashboard.mended import Values, Wrong, mended
from projections.dashboard.typed import TYPED, Typed, typed_in, with_typed
from projections.query.api import Desk, PlainRequest
from projections.query.asked import site_named
from projections.query.caller import Caller
from projections.query.freshness import Freshness
from projections.query.home import Home, at_home
from projections.query.known_sites import home_of
from projections.query.parameters import AFTER, QUESTION_PARAMETERS, SHOW, legible_parameters
from projections.query.problems import bad_parameter
from projections.query.properties import KNOWN_DIMENSIONS, dimension_named
from projections.query.question import WebQuestion, parse_question

# How often a page without new facts is worth another look: visitors leave without a fact.
_LOOK_SECONDS = 15
_PARAMETERS = (*QUESTION_PARAMETERS, SHOW, AFTER, *TYPED)


class Mark(Struct, frozen=True):
    """The ETag of a page: it changes with what the page can show to this caller, and with the files that it loads.

    A weak one: compressed or not, and whatever hides the token of its forms, it is the same page.
    """

    value: str

    def is_known_to(self, request: PlainRequest) -> bool:
        """Say whether the browser has this very page."""
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        return self.value.removeprefix("W/") in known

    def unchanged(self) -> Response[Any]:
        """Answer that there is nothing new."""
        return Response(None, status_code=304, headers={"ETag": self.value})

    def page(self, html: str) -> Response[Any]:
        """Answer with the page."""
        return Response(html, media_type=MediaType.HTML, headers={"ETag": self.value})


class Address(Struct, frozen=True, kw_only=True):
    """What the address of a page asks, the state that it is in, and what was ``wrong`` in it, if anything.

    One in which a filter was ``typed`` is another way to write that of ``state``, unless the filter could not be read.
    """

    question: WebQuestion
    state: PageState
    wrong: Wrong | None
    typed: Typed = Typed()
    home: Home = Home()

    @property
    def leads_on(self) -> bool:
        """Say whether there is a plainer way to write it."""
        return self.wrong is None and bool(self.typed.by)

    def page(self, html: str) -> Response[Any]:
        """Answer with the page, which is no news of an address that is wrong."""
        return Response(html, media_type=MediaType.HTML, status_code=400 if self.wrong else 200)


def mark_of(desk: Desk, fresh: Freshness) -> Mark:
    """Return the mark of what can be seen now by the caller whom *fresh* is about."""
    looked = int(desk.clock().timestamp()) // _LOOK_SECONDS
    return Mark(f'W/"{fingerprint()}-{fresh.mark}-{looked}"')


async def read_address(
    desk: Desk, caller: Caller, request: PlainRequest, site: str, *, check: Callable[[WebQuestion], object] = repr
) -> Address:
    """Return what the address of a page about *site* asks as far as it can be read, or raise Refused.

    What *check* refuses, too, is left out.
    """
    sites, now = (site_named(site),), desk.clock()
    home = await home_of(desk.engine, caller, sites[0])

    def parse(values: Values) -> WebQuestion:
        if not all(dimension_named(name) for name in values.get(SHOW.name, [])):
            raise bad_parameter(SHOW.name, f"Name one of {KNOWN_DIMENSIONS}.")
        question = at_home(parse_question(with_typed(values), caller=caller, sites=sites, now=now), home)
        check(question)
        return question

    query = request.scope["query_string"]
    values, question, wrong = mended(query, _PARAMETERS, parse)
    show = tuple(dict.fromkeys(values.get(SHOW.name, [])))
    state = state_of(question, show, home=home.timezone)
    return Address(question=question, state=state, wrong=wrong, typed=typed_in(legible_parameters(query, TYPED)), home=home)
