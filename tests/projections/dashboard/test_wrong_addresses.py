"""What is wrong about one field of an address costs nobody the page: the rest of it stays, and what to write is said there."""

from typing import Any

import pytest

from projections.dashboard.mended import mended
from projections.query.parameters import QUESTION_PARAMETERS
from projections.query.problems import bad_parameter
from tests.facts import pageview
from tests.projections.dashboard.outline import Outline
from tests.projections.query.world import NOW, World

CANARY = "canary-0x51"
FILTER = "page:/pricing"
CUSTOM = {"period": "custom"}


def alert_on(page: Outline) -> str:
    (at,) = [number for number, (_, attributes) in enumerate(page.tags) if attributes.get("role") == "alert"]
    return page.tags[at][1].get("id") or ""


WRONG: list[tuple[dict[str, str], str, str]] = [
    (CUSTOM | {"from": "2026-11-17", "to": "2026-11-12"}, "wrong-days", "the days between the two"),
    (CUSTOM | {"from": "2026-02-30", "to": "2026-11-12"}, "wrong-days", "Send a day of the calendar"),
    (CUSTOM | {"from": "", "to": ""}, "wrong-days", "Send a day of the calendar"),
    (CUSTOM, "wrong-days", "Send a day of the calendar"),
    (CUSTOM | {"from": "1990-01-01", "to": "2026-11-12"}, "wrong-days", "too long"),
    (CUSTOM | {"from": "0001-01-01", "to": "9999-12-31"}, "wrong-days", "out of range"),
    ({"period": "99d"}, "wrong-days", "Send one of today,"),
    ({"period": "today", "from": "2026-11-12", "to": "2026-11-13"}, "wrong-days", "Only period=custom"),
    ({"timezone": "Mars/Olympus"}, "wrong-zone", "Send an IANA name"),
    ({"timezone": "a\nb"}, "wrong-zone", "Send plain text"),
    ({"who": CANARY}, "", "Send one of human,"),
    ({"metric": CANARY}, "", "Send one of visitors,"),
    ({"show": CANARY}, "", "Name one of page,"),
    ({"interval": "hour", "period": "12mo"}, "", "too many buckets"),
    ({"limit": "0"}, "", "whole number"),
    ({"offset": "-1"}, "", "whole number"),
    ({"sort": CANARY}, "", "Send one of value,"),
    ({"compare": CANARY}, "wrong-others", "Send one of previous,"),
    ({"compare": "custom"}, "wrong-others", "Send a day of the calendar"),
    ({"compare": "year", "compare_to": "2026-11-01"}, "wrong-others", "Only compare=custom"),
    ({"fbclid": CANARY}, "", "not known"),
]


async def test_the_site_and_its_filters_stay_and_the_field_says_what_is_wrong(world: World):
    await world.tell(pageview("/pricing", at=NOW))
    for number, (wrong, at, words) in enumerate(WRONG):
        answer = await world.get(("/sites/example.org", "/sites/example.org/source")[number % 2], filter=FILTER, **wrong)
        page = Outline(answer.text)
        assert (answer.status_code, alert_on(page)) == (400, at), wrong
        assert words in page.said(), wrong
        assert "Page is /pricing" in page.said()
        assert all(f"filter={FILTER}" in href for href in page.hrefs() if "period=30d" in href)
        assert CANARY not in answer.text
        assert "etag" not in answer.headers


async def test_days_the_wrong_way_round_are_those_between_them(world: World):
    await world.tell(pageview(at=NOW))
    answer = await world.get("/sites/example.org", **CUSTOM, **{"from": "2026-11-18", "to": "2026-11-12"})
    fields = {field["name"]: field["value"] for field in Outline(answer.text).forms[0].inputs}
    assert (fields["from"], fields["to"]) == ("2026-11-12", "2026-11-18")


async def test_one_wrong_filter_leaves_the_others(world: World):
    await world.tell(pageview("/pricing", at=NOW))
    answer = await world.get("/sites/example.org", filter=[FILTER, "visitor:x", "nothing"], period="30d")
    said = Outline(answer.text).said()
    assert (answer.status_code, "Page is /pricing" in said, "Write dimension:value" in said) == (400, True, True)
    many = await world.get("/sites/example.org", filter=[f"page!:/{number}" for number in range(101)])
    assert (many.status_code, many.text.count('class="chip"')) == (400, 100)


async def test_a_family_and_the_log_keep_their_page_too(world: World):
    answer = await world.get("/sites/example.org/turns", period="99d")
    assert (answer.status_code, alert_on(Outline(answer.text))) == (400, "wrong-days")
    answer = await world.get("/sites/example.org/logs", **{"from": "yesterday", "name": "crash", "priority": "loud"})
    page = Outline(answer.text)
    assert (answer.status_code, alert_on(page)) == (400, "wrong")
    assert [field["value"] for field in page.forms[0].inputs if field["name"] == "name"] == ["crash"]
    answer = await world.get("/minigem/dashboard", **{"from": "2026-11-18", "to": "2026-11-12"})
    assert (answer.status_code, "in order" in answer.text, "30 days" in answer.text) == (400, True, True)


async def test_what_takes_too_long_leads_back_to_the_site(world: World, monkeypatch: pytest.MonkeyPatch):
    async def slow(*_: Any) -> None:
        raise bad_parameter("", "Ask for less.")

    monkeypatch.setattr("projections.dashboard.pages.values.count_visitors", slow)
    page = Outline((await world.get("/sites/example.org/page", period="30d")).text)
    assert {"/sites/example.org", "/"} <= set(page.hrefs())


@pytest.mark.parametrize(
    "query", [b"period=%FF", b"filter=page:%FF&period=30d", b"\xff=1", b"&".join([b"filter=page:/"] * 201)]
)
def test_whatever_is_asked_there_is_an_end_to_mending(query: bytes):
    _, _, wrong = mended(query, QUESTION_PARAMETERS, dict)
    assert wrong is not None
    assert wrong.words
