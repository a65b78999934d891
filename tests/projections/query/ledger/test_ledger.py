"""The ledger holds what ingest has told against what the projectors found: by account, UTC day, and odd hour."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.events import BotRule
from contracts.tallies import OTHER_SITES, Ending, TallyHead, TallyPart, hour_of
from tests.facts import pageview
from tests.projections.query.world import NOW, World
from tests.projections.tallies.telling import OTHER_RUN, head, kept, line, part
from tests.projections.tallies.two_sides import told_and_read
from tests.turns import completed

HOUR = timedelta(hours=1)
BEFORE = hour_of(NOW) - HOUR


def at(hour: datetime = BEFORE, **fields: Any) -> Any:
    return pageview(at=hour + timedelta(minutes=5), received_at=hour + timedelta(minutes=5), **fields)


async def told(world: World, *documents: TallyHead | TallyPart, read_until: datetime = NOW) -> None:
    """Keep *documents*, and say that every projection has read all that came until then."""
    await told_and_read(world.database_url, head(), *documents, until=read_until)
    await kept(world.database_url)


async def ledger(world: World, site: str = "example.org", **parameters: str) -> Any:
    response = await world.get(f"/api/stats/{site}/ledger" if site else "/api/stats/ledger", **parameters)
    assert response.status_code == 200, response.text
    return response.json()


async def test_both_sides_of_a_day_meet_whatever_family_its_facts_are_of(world: World):
    first = at()
    await world.tell(first, at(bot=BotRule.CRAWLER), first)
    await world.tell_turns(completed("one", site="example.org", received_at=BEFORE))
    await told(world, part(line(4), line(1, Ending.DROPPED, "privacy_signal"), at=BEFORE))
    today = (await ledger(world, period="today"))["days"][0]
    assert (today["verdict"], today["missing"], today["surplus"], today["hours"]) == ("open", 0, 0, [])
    assert today["door"]["received"] == 5
    assert today["door"]["reasons"] == {"dropped:privacy_signal": 1}
    found = {"facts": 4, "counted": 2, "robots": 1, "repeated": 1, "quarantined": 0, "left_out": 0, "erased": 0}
    assert today["stream"] == found


async def test_the_first_hour_that_does_not_add_up_is_named(world: World):
    day = timedelta(days=1)
    await world.tell(at(BEFORE - day), at(BEFORE - 2 * day))
    hours = [part(line(1), at=BEFORE - number * day, number=number) for number in range(3)]
    await told(world, *hours, replace(head(run=OTHER_RUN, ended=True), started_at=NOW - 5 * day))
    answer = await ledger(world)
    assert [one["verdict"] for one in answer["days"][-3:]] == ["adds_up", "adds_up", "does_not_add_up"]
    assert answer["first"] == {
        "hour": f"{BEFORE:%Y-%m-%dT%H:00:00Z}",
        "verdict": "does_not_add_up",
        "missing": 1,
        "surplus": 0,
    }
    everything = await ledger(world, "")
    assert everything["first"]["site"] == "example.org"
    assert everything["total"]["verdict"] == "does_not_add_up"


async def test_a_lost_last_tally_is_a_gap_and_never_green(world: World):
    await world.tell(at())
    await told(world, part(line(1), at=BEFORE), head(run=OTHER_RUN, at=BEFORE + timedelta(minutes=7)))
    answer = await ledger(world, period="today")
    assert (answer["days"][0]["verdict"], answer["first"]) == ("gap", None)
    assert [gap["run"] for gap in answer["gaps"]] == [OTHER_RUN]
    assert [odd["verdict"] for odd in answer["days"][0]["hours"]] == ["gap"]


async def test_what_is_not_read_yet_is_open_and_no_loss(world: World):
    await told(world, part(line(1), at=BEFORE), read_until=BEFORE)
    assert (await ledger(world, "", period="today"))["days"][0]["verdict"] == "open"


async def test_imported_facts_stand_beside_both_sides(world: World):
    await world.tell(at(batch="log.example.org"), at())
    await told(world, part(line(1), at=BEFORE))
    today = (await ledger(world, period="today"))["days"][0]
    assert (today["stream"]["facts"], today["imported"]["facts"], today["surplus"]) == (1, 1, 0)


async def test_what_names_no_site_is_the_tenants_and_what_names_nobody_the_installations(world: World):
    dropped = Ending.DROPPED, "unknown_site"
    lines = [line(2, *dropped, site="stranger.example"), line(3, *dropped, site=OTHER_SITES), line(4, Ending.REJECTED, site="")]
    await told(world, part(*lines, line(5, Ending.REFUSED, site="", tenant=""), line(0), at=BEFORE))
    answer = await ledger(world, "", period="today")
    received = {(one["site"], one["is_nobodys"]): one["total"]["door"]["received"] for one in answer["accounts"]}
    assert received == {("", True): 5, ("", False): 9, ("example.org", False): 0}
    by_day = {
        one["is_nobodys"]: [day["door"]["received"] for day in one["days"]] for one in answer["accounts"] if "days" in one
    }
    assert by_day == {True: [5], False: [9]}


async def test_what_names_nobody_has_an_account_although_nothing_is_in_it(world: World):
    await told(world, head(run=OTHER_RUN, at=BEFORE + timedelta(minutes=7)))
    answer = await ledger(world, "", period="today")
    verdicts = {(one["site"], one["is_nobodys"]): one["total"]["verdict"] for one in answer["accounts"]}
    assert verdicts == {("", True): "gap", ("", False): "gap"}


WRONG = {
    "of another zone": {"timezone": "Europe/Oslo"},
    "longer than what is kept": {"period": "custom", "from": "2020-01-01", "to": "2026-01-01"},
    "no period": {"period": "'; DROP TABLE ends"},
    "a day that is none": {"period": "custom", "from": "0000-01-01", "to": "9999-99-99"},
}


@pytest.mark.parametrize("parameters", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("path", ["/api/stats/ledger", "/api/stats/example.org/ledger"])
async def test_a_question_that_cannot_be_answered_names_what_is_wrong(doorstep: World, path: str, parameters: dict[str, str]):
    response = await doorstep.get(path, **parameters)
    assert response.status_code == 400
    assert response.json()["detail"]
    assert "DROP" not in response.text


async def test_all_accounts_are_asked_for_a_month_at_a_time(doorstep: World):
    for period in ("12mo", "all"):
        response = await doorstep.get("/api/stats/ledger", period=period)
        assert response.status_code == 400
        assert response.json()["field"] == "period"


async def test_all_days_are_as_many_as_tallies_are_kept_for(world: World):
    await world.tell(at(BEFORE - timedelta(days=900)), at())
    assert len((await ledger(world, period="all"))["days"]) == 400
