"""Is the person gone, and did everything else survive?"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from collector.hit import A_PAGE, NOT_LOGGED, Hit, Person
from collector.kinds.web import EngagementClaim, EventClaim, PageviewClaim
from collector.privacy.enrich.lists import Lists
from collector.privacy.forget import forget
from collector.privacy.visitor import Salt, visitor_id
from collector.record import uuid8
from collector.sites import Site
from contracts.codec import CODEC
from contracts.events import (
    BotRule,
    Channel,
    Device,
    DeviceKind,
    EngagementMeasured,
    EventRecorded,
    Evidence,
    Money,
    Page,
    Place,
    Screen,
    Source,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SITE = Site(tenant="main", id="shop.example")
SALT = Salt(day=NOW.date(), key=bytes(range(32)))
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"


PERSON = Person.__struct_fields__
FACTS = {claim: fields for claim in (PageviewClaim, EventClaim, EngagementClaim) for fields in [claim.__struct_fields__]}


def hit(claim: type[Any] = PageviewClaim, **fields: Any) -> Hit:
    """Return a hit whose *fields* go to the person, the claim or the hit itself, wherever they belong."""
    said = {"ip": "203.0.113.9", "user_agent": CHROME, "url": "https://shop.example/join"} | fields
    if claim is EventClaim:
        said.setdefault("name", "Signup")
    person = {name: said.pop(name) for name in PERSON if name in said}
    claimed = {name: said.pop(name) for name in FACTS[claim] if name in said}
    given = {"sender": A_PAGE, "received_at": NOW, "site": "shop.example"}
    return Hit(person=Person(**person), claim=claim(**claimed), **(given | said))


def forgotten(lists: Lists, claim: type[Any] = PageviewClaim, **fields: Any) -> Any:
    return forget(hit(claim, **fields), site=SITE, salt=SALT, lists=lists)


def test_a_hit_becomes_anonymous_and_complete(lists: Lists):
    money = Money(amount="9.50", currency="EUR")
    fact = forgotten(
        lists,
        EventClaim,
        url="https://Shop.Example/join?utm_source=google&utm_medium=cpc&email=jane@example.org",
        referrer="https://www.google.com/search?q=secret",
        screen=Screen.LARGE,
        key="0197d5e1-7b10-7c3a-9d51-0f6a2c8e4b72",
        name="Signup",
        props={"plan": "pro"},
        revenue=money,
        interactive=False,
        timezone="Europe/Oslo",
        language="nb",
    )
    assert fact == EventRecorded(
        id="0197d5e1-7b10-7c3a-9d51-0f6a2c8e4b72",
        tenant="main",
        site="shop.example",
        received_at=NOW,
        occurred_at=NOW,
        salt_day=date(2026, 11, 22),
        visitor=visitor_id(SALT, tenant="main", site="shop.example", ip="203.0.113.9", user_agent=CHROME),
        page=Page(hostname="shop.example", path="/join"),
        source=Source(
            name="Google",
            channel=Channel.PAID_SEARCH,
            referrer="https://www.google.com",
            utm_source="google",
            utm_medium="cpc",
        ),
        device=Device(kind=DeviceKind.DESKTOP, browser="Chrome", browser_version="126", os="Windows", os_version="10"),
        place=Place(country="NO"),
        language="nb",
        screen=Screen.LARGE,
        name="Signup",
        props={"plan": "pro"},
        revenue=money,
        interactive=False,
        lists=lists.version,
    )


def test_a_callers_key_of_another_kind_becomes_an_id_of_ours(lists: Lists):
    assert forgotten(lists, key="order-7").id == uuid8("main", "shop.example", "order-7")


def test_engagement_goes_through(lists: Lists):
    fact = forgotten(lists, EngagementClaim, engaged_ms=1_500, scroll_percent=80)
    assert isinstance(fact, EngagementMeasured)
    assert (fact.engaged_ms, fact.scroll_percent) == (1_500, 80)


@pytest.mark.parametrize(
    ("fields", "flags"),
    [
        ({}, ()),
        ({"user_agent": "curl/8.9"}, (Evidence.NO_BROWSER_TOKEN, Evidence.ROBOT_LIST)),
        ({"user_agent": ""}, (Evidence.NO_BROWSER_TOKEN,)),
        ({"user_agent": NOT_LOGGED}, ()),
        ({"is_automated": True}, (Evidence.AUTOMATION,)),
        ({"user_agent": CHROME.replace("Chrome", "HeadlessChrome")}, (Evidence.AUTOMATION, Evidence.ROBOT_LIST)),
        ({"has_odd_headers": True}, (Evidence.HEADER_SHAPE,)),
        ({"user_agent": "shop-app/7", "has_odd_headers": True}, (Evidence.NO_BROWSER_TOKEN,)),
        ({"referrer": "http://semalt.com/"}, ()),
    ],
)
def test_what_was_seen_before_forgetting_is_kept_as_flags(lists: Lists, fields: dict[str, object], flags: tuple[Evidence, ...]):
    assert forgotten(lists, **fields).evidence == flags


def test_a_bare_path_belongs_to_the_site(lists: Lists):
    assert forgotten(lists, url="/join").page == Page(hostname="shop.example", path="/join")


def test_what_looks_personal_is_taken_out_of_every_text(lists: Lists):
    anonymous = forgotten(
        lists,
        EventClaim,
        url="/u/jane@example.org?utm_campaign=jane@example.org",
        name="mail to jane@example.org",
        props={"note": "jane@example.org", "email": "x"},
        referrer="https://203.0.113.9/",
    )
    assert anonymous.page.path == "/u/[email]"
    assert anonymous.source.utm_campaign == "[email]"
    assert anonymous.name == "mail to [email]"
    assert anonymous.props == {"note": "[email]"}
    assert anonymous.source.referrer == "https://[ip]"


def test_an_events_name_is_cut_to_120_bytes(lists: Lists):
    assert forgotten(lists, EventClaim, name="x" * 500).name == "x" * 120


@pytest.mark.parametrize(
    ("apart", "kept"),
    [
        (timedelta(0), True),
        (timedelta(days=-7), True),
        (timedelta(minutes=5), True),
        (timedelta(days=-7, seconds=-1), False),
        (timedelta(minutes=5, seconds=1), False),
        (timedelta(days=-9_999), False),
    ],
)
def test_a_clock_that_is_far_off_means_now(lists: Lists, apart: timedelta, *, kept: bool):
    assert forgotten(lists, occurred_at=NOW + apart).occurred_at == (NOW + apart if kept else NOW)


def test_a_hit_without_a_time_of_its_own_happened_when_it_came(lists: Lists):
    assert forgotten(lists).occurred_at == NOW


def test_an_import_keeps_its_own_times_and_its_salts_day(lists: Lists):
    then = datetime(2015, 5, 17, 10, tzinfo=UTC)
    salt = Salt(day=then.date(), key=bytes(32))
    anonymous = forget(hit(occurred_at=then, batch="access.log"), site=SITE, salt=salt, lists=lists)
    assert (anonymous.occurred_at, anonymous.salt_day, anonymous.batch) == (then, then.date(), "access.log")


@pytest.mark.parametrize(
    ("fields", "rule", "name"),
    [
        ({"user_agent": "Googlebot/2.1"}, BotRule.CRAWLER, "Googlebot"),
        ({"user_agent": ""}, BotRule.NO_USER_AGENT, ""),
        ({"user_agent": CHROME.replace("Chrome", "HeadlessChrome")}, BotRule.AUTOMATION, "HeadlessChrome"),
        ({"is_automated": True}, BotRule.AUTOMATION, ""),
        ({"referrer": "http://semalt.com/"}, BotRule.REFERRER_SPAM, ""),
        ({"is_automated": True, "user_agent": "Googlebot/2.1"}, BotRule.CRAWLER, "Googlebot"),
        ({"is_automated": True, "referrer": "http://semalt.com/"}, BotRule.AUTOMATION, ""),
        ({}, None, ""),
    ],
)
def test_a_robot_is_kept_with_the_rule_that_knew_it(lists: Lists, fields: dict[str, object], rule: BotRule | None, name: str):
    anonymous = forgotten(lists, **fields)
    assert (anonymous.bot, anonymous.bot_name) == (rule, name)


def test_a_database_is_asked_before_the_time_zone(city_database: Path):
    anonymous = forgotten(Lists.load(city_database), ip="2.2.3.9", timezone="Europe/Oslo")
    assert anonymous.place == Place(country="GB", region="GB-ENG")


def test_no_way_of_showing_what_is_left_shows_the_person(lists: Lists):
    canary = "zq0123456789abcdef"
    anonymous = forgotten(
        lists,
        ip="198.51.100.77",
        user_agent=f"{CHROME} {canary}",
        referrer=f"https://blog.example/{canary}",
        timezone="Europe/Oslo",
    )
    for shown in (
        repr(anonymous),
        str(anonymous),
        pretty_repr(anonymous),
        CODEC.encode(anonymous).decode(),
        repr(lists),
    ):
        assert canary not in shown
        assert "198.51.100" not in shown
        assert "Oslo" not in shown


@pytest.mark.parametrize("show", [repr, str, pretty_repr, "{}".format])
def test_no_way_of_showing_a_hit_shows_the_person(show: Callable[[object], str]):
    shown = show(hit(url="https://shop.example/canary", referrer="https://blog.example/canary", timezone="Europe/Oslo"))
    assert "PageviewClaim" in shown
    assert not [word for word in ("203.0.113", "Chrome", "canary", "Oslo") if word in shown]


ANY_TEXT = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=80),
    st.sampled_from(
        [
            "\0",
            "\ud800",
            "%ff%00",
            "https://",
            "//@:",
            "a@b.co" * 20,
            "1.2.3.4:5",
            "[::1]",
            "?utm_source=\ud800&ref",
            "android-app://",
        ]
    ),
)
SCALARS = st.one_of(ANY_TEXT, st.integers(), st.floats(), st.booleans())


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    fields=st.fixed_dictionaries(
        {
            "claim": st.sampled_from([PageviewClaim, EventClaim, EngagementClaim]),
            "occurred_at": st.none() | st.timedeltas(timedelta(days=-13_000), timedelta(days=60_000)).map(NOW.__add__),
            "key": st.none() | ANY_TEXT,
            "batch": st.none() | ANY_TEXT,
            "is_automated": st.booleans(),
            "has_odd_headers": st.booleans(),
        }
        | dict.fromkeys(("site", "ip", "user_agent", "url", "referrer", "timezone"), ANY_TEXT)
    ),
    name=ANY_TEXT,
    props=st.dictionaries(ANY_TEXT, SCALARS, max_size=40),
)
def test_whatever_a_hit_holds_is_forgotten_and_can_be_stored(
    lists: Lists, fields: dict[str, Any], name: str, props: dict[str, Any]
):
    claimed = {"name": name, "props": props} if fields["claim"] is EventClaim else {}
    stored = CODEC.encode(forgotten(lists, **fields, **claimed))
    assert b"\\u0000" not in stored
    assert CODEC.decode(stored).site == "shop.example"
