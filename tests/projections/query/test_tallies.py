"""What was not stored is answered by site, hour and reason; where nobody has told, or somebody fell silent, that is said."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from contracts.tallies import Ending, TallyHead, TallyPart
from projections.database import open_engine
from tests.facts import pageview
from tests.projections.query.world import NOW, World
from tests.projections.tallies.telling import OTHER_RUN, head, kept, line, part

DROPPED, UNAVAILABLE = Ending.DROPPED, Ending.UNAVAILABLE
HOUR = timedelta(hours=1)


async def told(world: World, *documents: TallyPart | TallyHead, looked_at: datetime = NOW) -> None:
    """Keep *documents*, as of a look at the stream."""
    await kept(world.database_url, *documents, looked_at=looked_at)


async def tallies(world: World, site: str = "", **parameters: str):
    response = await world.get(f"/api/stats/{site}/tallies" if site else "/api/stats/tallies", **parameters)
    assert response.status_code == 200, response.text
    return response.json()


def counts(endings: list[dict]) -> dict[str, int]:
    return {f"{one['ending']} {one['reason']}".strip(): one["hits"] for one in endings}


async def test_before_anything_is_told_nothing_is_known_and_that_is_no_zero(world: World):
    await world.tell(pageview(at=NOW))
    assert (await tallies(world))["as_of"] is None
    assert (await tallies(world, "example.org"))["as_of"] is None
    sites = (await world.get("/api/stats/")).json()
    assert "not_stored" not in sites
    assert "not_stored" not in sites["sites"][0]


async def test_the_endings_of_a_site_add_up_to_what_was_received(world: World):
    lines = [
        line(10),
        line(2, Ending.REPEATED),
        line(3, DROPPED, "privacy_signal"),
        line(4, Ending.REJECTED, "wrong_type"),
        line(5, Ending.REFUSED, "rate_limited"),
        line(6, UNAVAILABLE, "stream_timeout", landed=1, not_landed=2),
    ]
    await told(world, head(), part(*lines, line(7, site="other.example")), part(line(1), number=9), head(run=OTHER_RUN))
    await told(world, part(line(100), run=OTHER_RUN))
    answer = await tallies(world, "example.org", period="today", interval="day")
    assert answer["received"] == sum(counts(answer["endings"]).values()) == 131
    assert counts(answer["endings"])["stored"] == 111, "over parts and runs"
    (unavailable,) = (one for one in answer["endings"] if one["ending"] == "unavailable")
    assert (unavailable["hits"], unavailable["landed"], unavailable["not_landed"]) == (6, 1, 2)
    everything = await tallies(world, period="today")
    assert (everything["received"], [site["site"] for site in everything["sites"]]) == (138, ["example.org", "other.example"])


async def test_buckets_are_cut_where_the_time_zone_cuts_them_and_none_is_left_out(world: World):
    await told(
        world, head(), part(line(1)), part(line(2), at=NOW - 14 * HOUR, number=1), part(line(4), at=NOW - 40 * HOUR, number=2)
    )
    days = (await tallies(world, "example.org", period="7d", interval="day", timezone="Europe/Oslo"))["buckets"]
    assert [bucket["received"] for bucket in days] == [0, 0, 0, 0, 0, 4, 3]
    hours = (await tallies(world, "example.org", period="today"))["buckets"]
    assert len(hours) == 24
    assert {bucket["start"][11:13]: bucket["received"] for bucket in hours if bucket["received"]} == {"01": 2, "15": 1}


def silent_for(**time: int) -> TallyHead:
    return head(at=NOW - timedelta(**time))


async def test_a_run_that_fell_silent_is_a_gap_from_its_last_sign_on_until_it_speaks_again(world: World):
    await told(world, silent_for(seconds=31), part(line(1)))
    for site in ("", "example.org"):
        (gap,) = (await tallies(world, site, period="today"))["gaps"]
        assert (gap["run"], datetime.fromisoformat(gap["since"])) == (head().run, NOW - timedelta(seconds=31))
    await told(world, head())
    assert (await tallies(world, period="today"))["gaps"] == []


async def test_who_is_there_or_has_ended_or_was_gone_before_the_period_is_no_gap(world: World):
    was_there = silent_for(seconds=29)
    has_ended = replace(silent_for(seconds=31), run="1" * 16, ended=True)
    was_gone = replace(silent_for(hours=30), run="2" * 16)
    await told(world, was_there, has_ended, was_gone, part(line(1)))
    assert (await tallies(world, period="today"))["gaps"] == []
    await told(world, looked_at=NOW + timedelta(seconds=2))
    assert [gap["run"] for gap in (await tallies(world, period="today"))["gaps"]] == [was_there.run]


async def test_the_list_of_sites_says_what_was_not_stored_and_names_the_names_that_nobody_has(world: World):
    await world.tell(pageview(at=NOW), pageview(at=NOW, site="quiet.example"))
    await told(
        world,
        head(),
        part(
            line(50),
            line(3, DROPPED, "privacy_signal"),
            line(9, DROPPED, "unknown_site", site="shpo.example"),
            line(1, DROPPED, "unknown_site", site="quiet.example"),
            line(7, DROPPED, "unknown_site", site="(other)"),
            line(2, Ending.REJECTED, "not_json", site=""),
            line(4, DROPPED, "unknown_site", site="theirs.example", tenant="another"),
        ),
        part(line(1000, DROPPED, "privacy_signal"), at=NOW - 26 * HOUR, number=1),
        part(line(5, DROPPED, "unknown_site", site="shpo.example"), at=NOW - 99 * HOUR, number=2),
    )
    answer = (await world.get("/api/stats/")).json()
    by_site = {site["site"]: counts(site["not_stored"]) for site in answer["sites"]}
    assert by_site == {"example.org": {"dropped privacy_signal": 3}, "quiet.example": {"dropped unknown_site": 1}}
    assert answer["not_stored"]["unknown_sites"] == [{"site": "shpo.example", "hits": 9, "since": "2026-11-14T12:00:00Z"}], (
        "since the first"
    )
    assert counts(answer["not_stored"]["elsewhere"]) == {"dropped unknown_site": 16, "rejected not_json": 2}


async def test_one_tenant_sees_nothing_of_another(world: World):
    await told(world, head(), part(line(4, DROPPED, "unknown_site", site="theirs.example", tenant="another")))
    assert "theirs.example" not in (await world.get("/api/stats/tallies")).text
    assert "theirs.example" not in await world.page("/")
    assert (await tallies(world, "theirs.example"))["received"] == 0


@pytest.mark.parametrize("query", ["period=decade", "filter=page:/", "metric=visits", "interval=minute", "surprise=1"])
@pytest.mark.parametrize("path", ["/api/stats/tallies", "/api/stats/example.org/tallies"])
async def test_a_question_that_it_cannot_answer_is_refused(doorstep: World, path: str, query: str):
    response = await doorstep.get(f"{path}?{query}")
    assert (response.status_code, response.json()["code"]) == (400, "bad_parameter")


async def test_whoever_only_reads_may_read_them(world: World):
    await told(world, head(), part(line(1)))
    engine = open_engine(world.database_url, {"role": "collector_reader"})
    async with engine.connect() as connection:
        await connection.execute(text("SELECT set_config('collector.tenant', 'main', true)"))
        for table in ("tallies", "tally_runs", "tally_reading"):
            assert await connection.scalar(text(f"SELECT count(*) FROM {table}")) == 1
    await engine.dispose()


async def test_the_front_page_says_what_was_not_stored_and_where_there_is_a_gap(world: World):
    await world.tell(pageview(at=NOW))
    assert "Not stored" not in await world.page("/")
    world.now += timedelta(seconds=20)  # past the mark of the page before
    await told(
        world,
        head(at=NOW - timedelta(minutes=5)),
        part(
            line(3, DROPPED, "privacy_signal"),
            line(5, UNAVAILABLE, "stream_timeout", landed=2, not_landed=1),
            line(9, DROPPED, "unknown_site", site="shpo.example"),
            line(7, DROPPED, "unknown_site", site="(other)"),
            line(2, Ending.REJECTED, "not_json", site=""),
        ),
    )
    page = await world.page("/")
    for words in (
        "Not stored in 24 hours: 5 answered 503 (not confirmed in time), 2 of them stored all the same, 3 dropped (asked not",
        "A gap.",
        "silent since 15:25:00 UTC on 18 Nov 2026",
        "shpo.example",
        "7 more with no name that can be shown.",
        "Of no known site, in the last 24 hours: 2 malformed (not JSON).",
    ):
        assert words in page, words


async def test_a_newcomer_without_any_facts_is_told_which_names_their_pages_send(world: World):
    hostile = '"><script>alert(1)</script>'
    await told(
        world,
        head(),
        part(line(9, DROPPED, "unknown_site", site="shpo.example"), line(1, DROPPED, "unknown_site", site=hostile)),
    )
    page = await world.page("/")
    assert "Waiting for the first event" in page
    assert "shpo.example" in page
    assert "<script>alert" not in page


async def test_a_projector_that_is_late_is_said_and_is_no_gap(world: World):
    await world.tell(pageview(at=NOW))
    await told(world, head(at=NOW - timedelta(minutes=30)), looked_at=NOW - timedelta(minutes=30))
    page = await world.page("/")
    assert "is known until 15:00:00 UTC on 18 Nov 2026" in page
    assert "A gap" not in page
