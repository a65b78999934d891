"""What the addresses of goals and of funnels do alike: list, add, show, change and withdraw one of a sort."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from litestar import Response
from msgspec import Struct

from collector.control.admin.desk import PlainRequest
from collector.control.admin.door import changed
from collector.control.admin.motion import Motion
from collector.control.admin.pages import Page, PageAsked, cut
from collector.control.admin.sites import seen_site
from collector.control.checked import known_site, known_tenant
from collector.control.decided import Decided, not_found
from collector.control.goals import Targets
from collector.control.plane import ControlPlane
from collector.control.wanted import FunnelWanted, GoalWanted, short_name
from contracts.control.goals import Funnel, Goal

T = TypeVar("T", Goal, Funnel)
View = TypeVar("View")
Wanted = TypeVar("Wanted", GoalWanted, FunnelWanted)


class Sort(Struct, Generic[T, View, Wanted], frozen=True, kw_only=True):
    """A sort of target: what one is called, how its id is made, which commands decide about it, and how it is shown.

    ``short`` is what names one in addresses, and ``answer`` what says that it is so from a control sequence on.
    """

    noun: str
    type_: type[T]
    all_of: Callable[[str, str], str]
    id_of: Callable[[str, str, str], str]
    targets: Callable[[ControlPlane], Targets[T, Wanted]]
    view: Callable[[T], View]
    short: Callable[[View], str]
    answer: Callable[[int, View], Struct]


async def list_some(sort: Sort[T, View, Wanted], motion: Motion, site: str, page: PageAsked) -> Page[View]:
    """Return those of the site that are not withdrawn."""
    key = (await seen_site(motion, site)).key
    things = await motion.desk.deciding.things()
    found = things.some(
        sort.type_,
        motion.tenant,
        after=sort.all_of(motion.tenant, key) + page.after,
        most=page.most,
        fits=lambda one: one.site == key and not one.is_withdrawn,
    )
    return cut([sort.view(one) for one in found], page, key=sort.short)


async def show_one(sort: Sort[T, View, Wanted], motion: Motion, site: str, short: str) -> View:
    """Return the one that is called *short*, also where it is withdrawn."""
    key = (await seen_site(motion, site)).key
    found = (await motion.desk.deciding.things()).thing(sort.id_of(motion.tenant, key, short))
    if not isinstance(found, sort.type_):
        raise not_found(sort.noun)
    return sort.view(found)


async def add_one(
    sort: Sort[T, View, Wanted], motion: Motion, request: PlainRequest, site: str, *, said: str, wanted: Wanted
) -> Response[Any]:
    """Define what is *wanted* under the short name that was *said*, or one that is made of its name."""
    short = short_name(sort.noun, said.strip(), wanted.name)
    decided, status = await motion.add(
        sort.id_of(known_tenant(motion.tenant), known_site(site), short),
        lambda plane: sort.targets(plane).add(motion.tenant, site, wanted, short=short, by=motion.by),
    )
    return _answered(sort, request, decided, status)


async def change_one(
    sort: Sort[T, View, Wanted], motion: Motion, request: PlainRequest, site: str, *, short: str, wanted: Wanted
) -> Response[Any]:
    """Define the one that is called *short* as it is *wanted*."""
    decided = await motion.decide(
        lambda plane: sort.targets(plane).change(
            motion.tenant, site, short, wanted, by=motion.by, expected_version=motion.expected_version
        )
    )
    return _answered(sort, request, decided)


async def withdraw_one(
    sort: Sort[T, View, Wanted], motion: Motion, request: PlainRequest, site: str, *, short: str
) -> Response[Any]:
    """Let the one that is called *short* be asked for no more."""
    decided = await motion.decide(
        lambda plane: sort.targets(plane).withdraw(
            motion.tenant, site, short, by=motion.by, expected_version=motion.expected_version
        )
    )
    return _answered(sort, request, decided)


def _answered(sort: Sort[T, View, Wanted], request: PlainRequest, decided: Decided[T], status: int = 200) -> Response[Any]:
    answer = sort.answer(decided.seq, sort.view(decided.thing))
    return changed(request, answer, seq=decided.seq, version=decided.thing.version, status=status)
