"""Every number means what its published definition says."""

from datetime import timedelta

from contracts.events import BotRule, Channel, Device, DeviceKind, Place, Source
from tests.facts import ANNA, BERT, engagement, event, pageview
from tests.projections.query.world import NOW, World

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


async def test_without_facts_counts_are_zero_and_means_are_nothing(world: World):
    answer = await world.ask("overview", period="today")
    assert [answer[name] for name in ("visitors", "visits", "pageviews")] == [0, 0, 0]
    assert [answer[name] for name in ("views_per_visit", "bounce_rate", "visit_duration")] == [None, None, None]


async def test_a_visitor_counts_once_a_day_however_often_they_come(world: World):
    await world.tell(*(pageview(at=NOW - hours * 60 * MINUTE) for hours in (1, 3, 5)))
    answer = await world.ask("overview", period="today")
    assert (answer["visitors"], answer["visits"], answer["pageviews"]) == (1, 3, 3)


async def test_visitors_of_several_days_are_the_sum_of_the_days(world: World):
    await world.tell(*(pageview(at=NOW - days * DAY) for days in range(3)))
    assert (await world.ask("overview", period="7d"))["visitors"] == 3


async def test_a_visit_belongs_to_the_day_it_began(world: World):
    late = NOW.replace(hour=22, minute=50) - DAY
    await world.tell(pageview(at=late), pageview("/after-midnight-in-oslo", at=late + 20 * MINUTE))
    today = await world.ask("overview", period="today", timezone="Europe/Oslo")
    yesterday = await world.ask("overview", period="yesterday", timezone="Europe/Oslo")
    assert (yesterday["visits"], today["visits"]) == (1, 0)
    assert (yesterday["pageviews"], today["pageviews"]) == (1, 1)
    assert yesterday["views_per_visit"] == 2


async def test_a_visit_of_engagement_alone_is_no_visit(world: World):
    await world.tell(engagement(at=NOW - MINUTE))
    answer = await world.ask("overview", period="today")
    assert (answer["visitors"], answer["visits"]) == (0, 0)


async def test_a_bounce_is_one_pageview_and_no_interactive_event(world: World):
    at = NOW - 60 * MINUTE
    visitors = [f"{number:032x}" for number in range(4)]
    await world.tell(
        pageview(at=at, visitor=visitors[0]),
        *(pageview(at=at, visitor=visitors[1]), event(at=at + MINUTE, visitor=visitors[1])),
        *(pageview(at=at, visitor=visitors[2]), event(at=at + MINUTE, visitor=visitors[2], interactive=False)),
        *(pageview(at=at, visitor=visitors[3]), pageview(at=at + MINUTE, visitor=visitors[3])),
    )
    assert (await world.ask("overview", period="today"))["bounce_rate"] == 50.0


async def test_the_duration_is_first_to_last_plus_engagement_on_the_last_page(world: World):
    at = NOW - 60 * MINUTE
    await world.tell(pageview(at=at), pageview(at=at + MINUTE), engagement(30_000, at=at + 2 * MINUTE))
    assert (await world.ask("overview", period="today"))["visit_duration"] == 90


async def test_the_duration_is_a_mean_over_all_visits(world: World):
    at = NOW - 60 * MINUTE
    await world.tell(pageview(at=at), pageview(at=at + MINUTE), pageview(at=at, visitor=BERT))
    answer = await world.ask("overview", period="today")
    assert (answer["visit_duration"], answer["views_per_visit"]) == (30, 1.5)


async def test_bots_are_left_out_unless_asked_for(world: World):
    robot = {"visitor": BERT, "bot": BotRule.CRAWLER, "bot_name": "Googlebot"}
    await world.tell(pageview(at=NOW - MINUTE), *(pageview(at=NOW - MINUTE, **robot) for _ in range(2)))
    seen = {who: (await world.ask("overview", who=who))["pageviews"] for who in ("human", "bot", "all")}
    assert seen == {"human": 1, "bot": 2, "all": 3}
    assert await world.values("bot", "pageviews", who="bot") == {"Googlebot": 2}


async def test_robots_that_send_events_alone_are_among_the_robots_by_name(world: World):
    curl = {"bot": BotRule.CRAWLER, "bot_name": "curl"}
    await world.tell(
        *(event("Purchase", at=NOW - MINUTE, visitor=who, **curl) for who in (ANNA, BERT)),
        pageview(at=NOW - MINUTE, visitor="c3" * 16, bot=BotRule.NO_BROWSER),
    )
    answer = await world.ask("breakdown/bot", who="bot")
    assert answer["visitors"] == 3
    assert [(row["value"], row["visitors"], row["pageviews"]) for row in answer["rows"]] == [("curl", 2, 0), ("", 1, 1)]
    assert (await world.ask("overview", who="bot", filter="bot:curl"))["visitors"] == 2


async def test_a_running_period_is_compared_with_the_same_part_of_the_one_before(world: World):
    await world.tell(
        pageview(at=NOW - MINUTE),
        pageview(at=NOW - DAY - MINUTE),
        pageview(at=NOW - DAY + MINUTE, visitor=BERT),
    )
    answer = await world.ask("overview", period="today")
    assert answer["previous"]["visitors"] == 1
    assert answer["change"]["visitors"] == 0
    assert answer["previous"]["until"] == "2026-11-17T15:30:00Z"


async def test_a_change_is_in_percent_and_that_of_the_bounce_rate_in_points(world: World):
    yesterday = NOW - DAY - 60 * MINUTE
    await world.tell(
        *(pageview(at=NOW - 60 * MINUTE, visitor=who) for who in (ANNA, BERT, "c3" * 16)),
        *(pageview(at=yesterday), pageview(at=yesterday + MINUTE), pageview(at=yesterday, visitor=BERT)),
    )
    change = (await world.ask("overview", period="today"))["change"]
    assert (change["visitors"], change["bounce_rate"]) == (50.0, 50.0)


async def test_there_is_no_change_from_nothing(world: World):
    await world.tell(pageview(at=NOW - MINUTE))
    assert (await world.ask("overview", period="today"))["change"]["visitors"] is None


async def test_source_and_channel_are_those_of_the_first_event(world: World):
    came = Source(name="Hacker News", channel=Channel.REFERRAL, referrer="https://news.ycombinator.com/")
    await world.tell(pageview(at=NOW - 9 * MINUTE, source=came), pageview(at=NOW - 8 * MINUTE))
    assert await world.values("source") == {"Hacker News": 1}
    assert await world.values("channel", "visits") == {"Referral": 1}
    assert await world.values("referrer") == {"https://news.ycombinator.com/": 1}


async def test_entry_and_exit_are_the_first_and_last_page(world: World):
    await world.tell(*(pageview(path, at=NOW - (9 - n) * MINUTE) for n, path in enumerate(("/in", "/through", "/out"))))
    assert await world.values("entry_page", "visits") == {"/in": 1}
    assert await world.values("exit_page", "visits") == {"/out": 1}
    assert await world.values("page", "pageviews") == {"/in": 1, "/through": 1, "/out": 1}


async def test_every_dimension_of_a_visit_can_be_broken_down_by(world: World):
    tags = {f"utm_{name}": f"a-{name}" for name in ("source", "medium", "campaign", "term", "content")}
    await world.tell(
        pageview(
            at=NOW - MINUTE,
            source=Source(name="a-source", channel=Channel.EMAIL, **tags),
            device=Device(kind=DeviceKind.MOBILE, browser="Firefox", os="Android"),
            place=Place(country="NO", region="NO-03"),
        )
    )
    found = {name: await world.values(name) for name in (*tags, "country", "region", "device", "browser", "os", "hostname")}
    assert found == {name: {value: 1} for name, value in tags.items()} | {
        "country": {"NO": 1},
        "region": {"NO-03": 1},
        "device": {"mobile": 1},
        "browser": {"Firefox": 1},
        "os": {"Android": 1},
        "hostname": {"example.org": 1},
    }


async def test_events_are_counted_by_name_with_their_share_of_all_visitors(world: World):
    await world.tell(
        pageview(at=NOW - 9 * MINUTE, visitor=BERT),
        *(pageview(at=NOW - 9 * MINUTE), event("Signup", at=NOW - 8 * MINUTE), event("Signup", at=NOW - 7 * MINUTE)),
    )
    rows = (await world.ask("breakdown/event"))["rows"]
    assert rows == [{"value": "Signup", "visitors": 1, "share": 50.0, "events": 2, "conversion_rate": 50.0}]


async def test_rows_are_ordered_by_visitors_and_then_by_value(world: World):
    await world.tell(*(pageview(path, at=NOW - MINUTE) for path in ("/b", "/a", "/C")), pageview("/b", at=NOW, visitor=BERT))
    answer = await world.ask("breakdown/page", limit=2)
    assert [row["value"] for row in answer["rows"]] == ["/b", "/C"]
    assert answer["more"] is True


async def test_now_is_the_last_five_minutes_of_humans(world: World):
    await world.tell(
        engagement(at=NOW - 4 * MINUTE),
        pageview("/now", at=NOW - MINUTE, visitor=BERT),
        pageview("/gone", at=NOW - 6 * MINUTE, visitor="c3" * 16),
        pageview("/robot", at=NOW - MINUTE, visitor="d4" * 16, bot=BotRule.CRAWLER),
    )
    answer = await world.ask("realtime")
    assert answer["visitors"] == 2
    assert answer["pages"] == [{"page": "/now", "visitors": 1}]
    assert len(answer["pageviews_per_minute"]) == 30
    assert sum(answer["pageviews_per_minute"]) == 2


async def test_an_answer_says_how_far_it_reaches(world: World):
    told = pageview(at=NOW - MINUTE)
    await world.tell(told)
    assert (await world.ask("overview"))["as_of"] == told.received_at.isoformat().replace("+00:00", "Z")


async def test_how_far_an_answer_reaches_is_said_of_the_callers_facts_alone(world: World):
    told = pageview(at=NOW - MINUTE)
    await world.tell(told)
    before = await world.get("/sites/example.org")
    await world.tell(*(pageview(at=NOW, tenant="other", received_at=NOW) for _ in range(3)))
    after = await world.get("/sites/example.org")
    assert (await world.ask("overview"))["as_of"] == told.received_at.isoformat().replace("+00:00", "Z")
    assert "1 event counted" in " ".join(after.text.split())
    assert after.headers["etag"] == before.headers["etag"], "another tenant's facts are no news"


async def test_sites_and_tenants_do_not_see_each_other(world: World):
    await world.tell(
        pageview(at=NOW - MINUTE), pageview(at=NOW - MINUTE, site="other.example"), pageview(at=NOW - MINUTE, tenant="other")
    )
    assert (await world.ask("overview"))["pageviews"] == 1
    sites = (await world.get("/api/stats")).json()["sites"]
    assert [(one["site"], one["visitors"]) for one in sites] == [("example.org", 1), ("other.example", 1)]


async def test_a_fact_that_names_nobody_is_no_visitor(world: World):
    await world.tell(pageview("/seen", at=NOW - MINUTE, visitor=""), pageview("/both", at=NOW - MINUTE, visitor=""))
    await world.tell(pageview("/both", at=NOW - MINUTE, visitor=BERT))
    answer = await world.ask("overview", period="today")
    assert (answer["visitors"], answer["pageviews"]) == (1, 3)
    assert await world.values("page", "pageviews") == {"/seen": 1, "/both": 2}
    assert await world.values("page") == {"/seen": 0, "/both": 1}
    assert (await world.ask("realtime"))["visitors"] == 1


async def test_every_number_of_an_overview_has_a_published_definition(world: World):
    published = {one["name"]: one for one in (await world.get("/api/stats/definitions")).json()}
    assert all(published[name]["text"] and published[name]["version"] >= 1 for name in (await world.ask("overview"))["change"])
