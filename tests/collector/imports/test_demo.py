"""The demo's promises: a month with a rhythm, something in every panel, the same for the same seed, and only where it may."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import chain

import pytest

from collector.imports.demo.month import Month
from collector.privacy.enrich.sources import Sources
from collector.sites import Site
from contracts.events import BotRule, Channel, DeviceKind, EngagementMeasured, EventRecorded, PageViewed, WebEvent
from contracts.known_events import FILE_DOWNLOAD, NOT_FOUND, OUTBOUND_LINK
from tests.collector.imports.logs import collector, held, told

NOW = datetime(2026, 11, 22, 18, 30, 15, tzinfo=UTC)
SITE = "demo.example"
TODAY = NOW.date()
FULL_DAYS = [TODAY - timedelta(days=ago) for ago in range(1, 29)]


@cache
def month(*, seed: int = 1, now: datetime = NOW, days: int = 30) -> tuple[WebEvent, ...]:
    drawn = Month(site=Site(tenant="main", id=SITE), seed=seed, days=days, now=now, sources=Sources())
    return tuple(chain.from_iterable(drawn.by_day()))


def human() -> list[WebEvent]:
    return [event for event in month() if event.bot is None]


def visits_by_day() -> Mapping[date, int]:
    """Return how many visits each day has: a first pageview, or one after half an hour, begins one."""
    last: dict[tuple[date, str], datetime] = {}
    visits: Counter[date] = Counter()
    for event in human():
        who = (event.salt_day, event.visitor)
        if who not in last or event.occurred_at - last[who] > timedelta(minutes=30):
            visits[event.salt_day] += 1
        last[who] = event.occurred_at
    return visits


def test_a_day_has_hundreds_of_visits():
    visits = visits_by_day()
    assert len(visits) == 30
    assert all(150 <= visits[day] <= 650 for day in FULL_DAYS)


def test_weekends_are_quiet_and_the_month_grows():
    visits = visits_by_day()
    weekend = [visits[day] for day in FULL_DAYS if day.weekday() >= 5]
    week = [visits[day] for day in FULL_DAYS if day.weekday() < 5]
    assert sum(weekend) / len(weekend) < 0.75 * sum(week) / len(week)
    assert sum(visits[day] for day in FULL_DAYS[:7]) > 1.1 * sum(visits[day] for day in FULL_DAYS[-7:])


def test_nights_are_quiet():
    hours = Counter(event.occurred_at.hour for event in human() if event.salt_day != TODAY)
    assert max(hours.values()) > 2 * min(hours.values())


def test_every_panel_has_something_to_show():
    for values in (
        {event.page.path for event in human()},
        {event.source.name for event in human()},
        {event.source.referrer for event in human()},
        {event.source.utm_campaign for event in human()},
        {event.source.utm_content for event in human()},
        {event.place.country for event in human()},
        {event.place.region for event in human()},
        {event.device.browser for event in human()},
        {event.device.os for event in human()},
        {event.name for event in human() if isinstance(event, EventRecorded)},
        {event.bot_name for event in month()},
        {event.screen for event in human()},
        {event.language for event in human()},
        {(event.device.os, event.device.os_version) for event in human()},
        {key for event in human() if isinstance(event, EventRecorded) for key in event.props},
    ):
        assert len(values) >= 4
    assert {event.device.kind for event in human()} >= {DeviceKind.DESKTOP, DeviceKind.MOBILE, DeviceKind.TABLET}
    assert {event.source.channel for event in human()} >= set(Channel) - {Channel.OTHER}
    assert {event.source.utm_term for event in human()} > {""}
    assert {event.name for event in human() if isinstance(event, EventRecorded)} >= {OUTBOUND_LINK, FILE_DOWNLOAD, NOT_FOUND}


def test_some_bounce_and_some_wander():
    pages = Counter((event.salt_day, event.visitor) for event in human() if isinstance(event, PageViewed))
    bounced = sum(number == 1 for number in pages.values()) / len(pages)
    assert 0.3 < bounced < 0.6
    assert max(pages.values()) >= 6


def test_people_buy_and_read():
    bought = [event.revenue for event in human() if isinstance(event, EventRecorded) and event.revenue]
    assert sum(Decimal(money.amount) for money in bought) > 500
    assert {money.currency for money in bought} == {"EUR", "GBP", "USD"}
    read = [event for event in human() if isinstance(event, EngagementMeasured)]
    assert all(0 < event.engaged_ms <= 900_000 and 0 < event.scroll_percent <= 100 for event in read)
    assert {event.interactive for event in human() if isinstance(event, EventRecorded)} == {True, False}


def test_robots_come_too_and_are_a_minority():
    robots = [event for event in month() if event.bot is BotRule.CRAWLER]
    pages = [event for event in month() if isinstance(event, PageViewed)]
    assert 0.05 < len(robots) / len(pages) < 0.3


@pytest.mark.parametrize("now", [NOW, NOW.replace(hour=4), NOW.replace(hour=0, minute=9)])
def test_somebody_is_there_right_now_and_nobody_in_the_future(now: datetime):
    events = month(now=now, days=2)
    assert max(event.occurred_at for event in events) <= now
    recent = {event.visitor for event in events if event.bot is None and now - event.occurred_at < timedelta(minutes=5)}
    assert len(recent) >= 5


def test_nobody_crosses_midnight():
    assert all(event.occurred_at.date() == event.salt_day for event in month())


def test_every_fact_has_its_own_id_and_the_batch_name():
    assert len({event.id for event in month()}) == len(month())
    assert {event.batch for event in month()} == {"demo"}


def test_the_same_seed_makes_the_same_month_and_another_another():
    assert month.__wrapped__() == month()
    assert {event.id for event in month(seed=2)}.isdisjoint(event.id for event in month())


def test_a_day_of_the_past_is_the_same_when_it_is_drawn_again_tomorrow():
    tomorrow = month(now=NOW + timedelta(days=1))
    again = {event.id: event for event in tomorrow if event.salt_day in FULL_DAYS}
    before = {event.id: event for event in month()}
    assert again.keys() <= before.keys()
    assert all(event.occurred_at == before[id_].occurred_at and event.page == before[id_].page for id_, event in again.items())


async def test_an_empty_site_is_filled_once(stream_free_nats: str):
    code, output = await told(await collector("demo", "--days", "2", nats_url=stream_free_nats))
    assert code == 0, output
    facts = await held(stream_free_nats)
    assert {fact.site for fact in facts} == {SITE}
    assert f"{len(facts):,} new events of 2 days" in output
    assert f"Inventing 2 days for {SITE}: 1 done ..." in output, "nobody sees a bar in a pipe"
    code, output = await told(await collector("demo", "--days", "2", nats_url=stream_free_nats))
    assert code == 1
    assert "has events already" in output
    assert await held(stream_free_nats) == facts


async def test_force_adds_to_a_site_and_repeats_nothing(stream_free_nats: str):
    for arguments in ([], ["--force"]):
        code, output = await told(await collector("demo", "--days", "2", *arguments, nats_url=stream_free_nats))
        assert code == 0, output
    ids = Counter(fact.id for fact in await held(stream_free_nats))
    assert max(ids.values()) == 1
    assert "were there already" in output


async def test_another_site_with_events_is_no_hindrance(stream_free_nats: str):
    for site in ("a.example", "b.example"):
        code, output = await told(await collector("demo", "--site", site, "--days", "1", nats_url=stream_free_nats))
        assert code == 0, output
    assert {fact.site for fact in await held(stream_free_nats)} == {"a.example", "b.example"}


async def test_production_fills_a_listed_site_only(stream_free_nats: str):
    production = {"COLLECTOR_MODE": "production", "COLLECTOR_SITES": "shop.example"}
    code, output = await told(await collector("demo", nats_url=stream_free_nats, environment=production))
    assert code == 2
    assert "COLLECTOR_SITES" in output
    assert await held(stream_free_nats) == []
