"""Whatever value is stored, its row leads to a filter that keeps exactly what the row counts."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from contracts.events import Page, Source, WebEvent
from tests.facts import event, pageview
from tests.projections.dashboard.outline import Outline
from tests.projections.query.world import NOW, World

MINUTE = timedelta(minutes=1)
NASTY = (
    *("page:/a:b", "!:x", "!", ":", "::", "a!:b", "page!:/", "filter=page:/", "&who=bot", "#top", "?", "%", "%25", "%2", "%zz"),
    *(
        "a,b",
        "a;b",
        "a+b",
        "a b",
        " ",
        " leads",
        "trails ",
        "  ",
        "\u00a0",
        "'",
        '"',
        "\"'><b>",
        "<!--",
        "{{ 7*7 }}",
        "{x}",
        "$1",
    ),
    *(
        "\\",
        "\\'",
        "/",
        "//",
        "///x",
        "/../x",
        "/./",
        "http://x.example/?a=b#c",
        "(none)",
        "none",
        "null",
        "Direct",
        "Not known",
    ),
    *(
        "\u00e9",
        "e\u0301",
        "\u00c9",
        "stra\u00dfe",
        "STRASSE",
        "\u4f60\u597d",
        "\U0001f600",
        "\u202ertl",
        "\u0130",
        "i\u0307",
        "\ufffd",
    ),
    *("\t", "a\nb", "a\r\nb", "\x1f", "\x7f", "0", "-1", "1e999", "true", "_", "%_", "a_b", "aXb", "OR 1=1 --", "x" * 2000),
    "\u4f60" * 2000,
)


def of_page(value: str, who: str) -> WebEvent:
    return pageview(value, at=NOW - MINUTE, visitor=who)


def of_source(value: str, who: str) -> WebEvent:
    return pageview(at=NOW - MINUTE, visitor=who, source=Source(name=value))


def of_campaign(value: str, who: str) -> WebEvent:
    return pageview(at=NOW - MINUTE, visitor=who, source=Source(name="x", utm_campaign=value))


def of_event(value: str, who: str) -> WebEvent:
    return event(value, at=NOW - MINUTE, visitor=who)


@pytest.mark.parametrize(
    ("dimension", "made", "values"),
    [
        ("page", of_page, NASTY),
        ("event", of_event, NASTY),
        ("source", of_source, (*NASTY[::4], "")),
        ("utm_campaign", of_campaign, NASTY[1::4]),
    ],
)
async def test_every_row_leads_to_a_filter_that_keeps_exactly_what_it_counts(
    world: World, dimension: str, made: Callable[[str, str], WebEvent], values: tuple[str, ...]
):
    # One, two or three people each, and nobody with two values.
    everybody = [(value, 3 * number + one) for number, value in enumerate(values, 1) for one in range(1 + number % 3)]
    await world.tell(*(made(value, f"{who:032x}") for value, who in everybody))
    rows = await world.values(dimension, limit=1000)
    assert len(rows) == len(values)
    page = Outline(await world.page(f"/sites/example.org/{dimension}"))
    links = {href for href in page.hrefs() if f"filter={dimension}:" in href}
    assert len(links) == len(values), "every row has a link of its own"
    kept = {}
    for link in links:
        told = (await world.get(f"/api/stats/example.org/breakdown/{dimension}?{urlsplit(link).query}")).json()
        assert len(told["rows"]) == 1, link
        assert told["visitors"] == told["rows"][0]["visitors"], link
        kept[told["rows"][0]["value"]] = told["visitors"]
    assert kept == rows


async def test_what_is_too_long_for_an_address_is_no_link(world: World):
    longest = "\u4f60" * 1300
    there = {"page": Page(hostname="example.org", path=longest), "at": NOW - MINUTE}
    await world.tell(pageview(**there), event(longest, **there), event("\u4f60" * 2000, **there))
    page = Outline(await world.page(filter=f"page:{longest}"))
    assert f"Page is {longest}" in page.said()
    narrower = [href for href in page.hrefs() if "filter=event" in href]
    assert len(narrower) == 1
    assert (await world.get(narrower[0])).status_code == 200
