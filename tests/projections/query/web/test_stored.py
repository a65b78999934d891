"""What else is stored can be asked: properties, links, files, missing pages, versions, engagement and revenue."""

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from contracts.events import Device, Money, Page, Screen, Source, WebEvent
from projections.query.properties import dimension_named, property_called
from tests.facts import ANNA, BERT, engagement, event, pageview
from tests.projections.query.world import NOW, SITE, World

MINUTE = timedelta(minutes=1)
CARL = "c3" * 16
NOBODY = ""
AT = NOW - 60 * MINUTE
LETTER, SEARCH = Source(name="newsletter", utm_campaign="monthly"), Source(name="Google")
HOSTILE = (
    "a:b",
    "a!:b",
    "plan~",
    "it's; DROP TABLE hits--",
    "%",
    "%41",
    "größe",
    "a b/c",
    "file.csv",
    "x*^=",
    '"}',
    "\\",
    ".",
    "..",
)


def paid(amount: str, currency: str = "EUR", /, **fields: Any) -> WebEvent:
    return event("Purchase", revenue=Money(amount=amount, currency=currency), **fields)


def shop() -> list[WebEvent]:
    """Anna, by a letter, buys twice; Bert, by a search, once in another currency; Carl looks around; a server sells, too."""
    chrome = Device(browser="Chrome", browser_version="142", os="Android", os_version="15")
    told = {"screen": Screen.SMALL, "language": "nb", "batch": "log-2026"}
    anna: dict[str, Any] = {"visitor": ANNA, "source": LETTER, "device": chrome} | told
    bert: dict[str, Any] = {"visitor": BERT, "source": SEARCH, "device": Device(browser="Firefox", browser_version="145")}
    checkout = Page(hostname=SITE, path="/checkout")
    return [
        pageview("/", at=AT, **anna),
        pageview("/checkout", at=AT + MINUTE, **anna),
        paid("9.90", at=AT + 2 * MINUTE, page=checkout, props={"plan": "pro", "seats": 3, "trial": False}, **anna),
        # Its own source is another than the visit's, which counts.
        paid("0.20", at=AT + 3 * MINUTE, page=checkout, props={"plan": "plus"}, **(anna | {"source": SEARCH})),
        engagement(30_000, at=AT + 40 * MINUTE - 10 * MINUTE, scroll_percent=40, page=checkout, **anna),
        engagement(10_000, at=AT + 31 * MINUTE, scroll_percent=80, page=checkout, **anna),
        pageview("/", at=AT, **bert),
        paid("5", "USD", at=AT + MINUTE, page=Page(hostname=SITE, path="/"), props={"plan": "pro", "seats": 1.5}, **bert),
        engagement(20_000, at=AT + 2 * MINUTE, scroll_percent=20, **bert),
        pageview("/gone", at=AT, visitor=CARL),
        event("404", at=AT, visitor=CARL, interactive=False, page=Page(hostname=SITE, path="/gone")),
        event("404", at=AT + MINUTE, visitor=CARL, props={"path": "/said"}),
        event("Outbound Link: Click", at=AT + MINUTE, visitor=CARL, props={"url": "https://code.example/demo"}),
        event("File Download", at=AT + MINUTE, visitor=CARL, props={"url": "/files/guide.pdf"}),
        paid("100", at=AT, visitor=NOBODY, props={"plan": "server"}),
    ]


@pytest.fixture
async def told(world: World) -> World:
    facts = shop()
    random.Random(7).shuffle(facts)
    await world.tell(*facts[:6])
    await world.tell(*facts[6:])
    return world


async def test_every_kind_of_value_can_be_told_apart_and_filtered_by(told: World):
    found = {
        name: await told.values(name, "events", period="today")
        for name in ("prop:plan", "prop:seats", "prop:trial", "prop:none", "link", "download", "not_found")
    }
    assert found == {
        "prop:plan": {"pro": 2, "plus": 1, "server": 1},
        "prop:seats": {"1.5": 1, "3": 1},
        "prop:trial": {"false": 1},
        "prop:none": {},
        "link": {"https://code.example/demo": 1},
        "download": {"/files/guide.pdf": 1},
        "not_found": {"/gone": 1, "/said": 1},
    }
    of_visits = ("browser_version", "os_version", "screen", "language", "batch")
    assert {name: await told.values(name, period="today") for name in of_visits} == {
        "browser_version": {"Chrome 142": 1, "Firefox 145": 1, "": 1},
        "os_version": {"Android 15": 1, "": 2},
        "screen": {"small": 1, "": 2},
        "language": {"nb": 1, "": 2},
        "batch": {"log-2026": 1},
    }
    kept = {
        one: (await told.ask("overview", period="today", filter=[one]))["visitors"]
        for one in (
            *("prop:plan:pro", "prop:plan!:pro", "prop:plan:plus", "prop:plan:", "prop:seats:1.5", "prop:trial:false"),
            *("link:https://code.example/demo", "download:/files/guide.pdf", "not_found:/gone", "not_found!:/gone"),
            *("browser_version:Chrome 142", "browser_version!:Chrome 142", "os_version:Android 15", "screen:small"),
            *("language:nb", "batch:log-2026", "batch:", "prop:plan~:p", "link^:https://code."),
        )
    }
    assert list(kept.values()) == [*(2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 2), *(1, 1, 1, 1, 2, 2, 1)], kept


async def test_a_filter_by_a_property_keeps_whole_visits_and_those_events_alone(told: World):
    answer = await told.ask("overview", period="today", filter=["prop:plan:plus"])
    assert (answer["visits"], answer["pageviews"]) == (1, 2)
    assert await told.values("event", "events", period="today", filter=["prop:plan:plus"]) == {"Purchase": 1}


async def test_the_properties_are_listed_with_who_sent_them_how_often(told: World):
    rows = (await told.ask("properties", period="today"))["rows"]
    assert [(row["key"], row["dimension"], row["visitors"], row["events"]) for row in rows] == [
        ("plan", "prop:plan", 2, 4),
        ("seats", "prop:seats", 2, 2),
        ("url", "prop:url", 1, 2),
        ("path", "prop:path", 1, 1),
        ("trial", "prop:trial", 1, 1),
    ]
    pages = [await told.ask("properties", period="today", limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [row for page in pages for row in page["rows"]] == rows
    assert [page["more"] for page in pages] == [True, True, False]
    assert (await told.ask("properties", period="today", filter=["event:404"]))["rows"][0]["key"] == "path"


async def test_a_conversion_is_a_share_of_all_visitors_whatever_event_is_kept(told: World):
    rows = {row["value"]: row for row in (await told.ask("breakdown/event", period="today"))["rows"]}
    assert (rows["Purchase"]["conversion_rate"], rows["404"]["conversion_rate"]) == (66.7, 33.3)
    bought = {"period": "today", "filter": ["event:Purchase"]}
    (row,) = (await told.ask("breakdown/event", **bought))["rows"]
    assert (row["share"], row["conversion_rate"]) == (100.0, 66.7)
    assert (await told.ask("engagement", **bought))["conversion_rate"] == 66.7
    assert (await told.ask("engagement", period="today"))["conversion_rate"] == 100.0
    of_letter = await told.ask("engagement", period="today", filter=["event:Purchase", "source:newsletter"])
    assert of_letter["conversion_rate"] == 100.0


async def test_engagement_is_counted_whole_and_page_by_page(told: World):
    answer = await told.ask("engagement", period="today")
    assert (answer["events"], answer["events_per_visit"]) == (8, 2.67)
    # 60 s on four pageviews; of Anna on /checkout the deepest, of Bert on /.
    assert (answer["time_on_page"], answer["scroll_depth"]) == (15, 50.0)
    assert answer["previous"]["scroll_depth"] is None
    rows = {row.pop("page"): row for row in (await told.ask("pages", period="today"))["rows"]}
    assert list(rows["/"].values()) == [2, 2, 2, 0.0, 1, 50.0, 10, 20.0], rows["/"]
    assert (rows["/checkout"]["exits"], rows["/checkout"]["time_on_page"], rows["/checkout"]["scroll_depth"]) == (1, 40, 80.0)
    assert (rows["/gone"]["exits"], rows["/gone"]["scroll_depth"]) == (1, None)
    # What is told of the last page comes behind the visit's last pageview, and is of the visit all the same.
    assert (await told.ask("engagement", period="today", filter=["source:newsletter"]))["time_on_page"] == 20
    assert [value for _, value in await told.points(period="today", interval="day", metric="events")] == [8]


async def test_revenue_is_exact_and_each_currency_by_itself(told: World):
    answer = await told.ask("revenue", period="today")
    earned = {one["currency"]: tuple(one["now"].values()) for one in answer["currencies"]}
    assert list(answer["currencies"][0]["now"]) == [
        *("revenue", "paid_events", "paying_visitors", "per_paid_event", "per_visitor"),
    ]
    assert earned == {"EUR": ("110.10", 3, 1, "36.7000", "36.7000"), "USD": ("5", 1, 1, "5.0000", "1.6667")}
    assert answer["currencies"][0]["previous"]["revenue"] == "0"
    assert answer["currencies"][0]["change"] is None


async def test_revenue_over_time_is_that_of_the_period(told: World):
    answer = await told.ask("timeseries/revenue", period="today", interval="hour", timezone="Asia/Kathmandu")
    assert [one["currency"] for one in answer["currencies"]] == ["EUR", "USD"]
    points = answer["currencies"][0]["points"]
    assert (len(points), points[0]["start"]) == (24, "2026-11-18T00:00:00+05:45")
    assert {point["start"][11:16]: point["revenue"] for point in points if point["paid_events"]} == {"20:00": "110.10"}


async def test_revenue_is_that_of_the_visit_or_of_the_event(told: World):
    earned = {}
    for name in ("source", "utm_campaign", "entry_page", "page", "prop:plan", "event"):
        rows = (await told.ask(f"revenue/{name}", period="today"))["rows"]
        earned[name] = [(row["value"], row["currency"], row["revenue"]) for row in rows]
    kept = ["source:newsletter", "event:Purchase", "page!:/gone"]
    rows = (await told.ask("revenue/source", period="today", filter=kept))["rows"]
    assert [(row["value"], row["revenue"]) for row in rows] == [("newsletter", "10.10")]
    assert earned == {
        "source": [("", "EUR", "100"), ("newsletter", "EUR", "10.10"), ("Google", "USD", "5")],
        "utm_campaign": [("monthly", "EUR", "10.10")],
        "entry_page": [("/", "EUR", "10.10"), ("/", "USD", "5")],
        "page": [("/", "EUR", "100"), ("/checkout", "EUR", "10.10"), ("/", "USD", "5")],
        "prop:plan": [("server", "EUR", "100"), ("pro", "EUR", "9.90"), ("plus", "EUR", "0.20"), ("pro", "USD", "5")],
        "event": [("Purchase", "EUR", "110.10"), ("Purchase", "USD", "5")],
    }


async def test_the_rows_of_each_currency_are_told_to_the_last_one(told: World):
    whole = (await told.ask("revenue/prop:plan", period="today"))["rows"]
    pages = [await told.ask("revenue/prop:plan", period="today", limit=1, offset=offset) for offset in range(3)]
    assert [page["more"] for page in pages] == [True, True, False]
    of_each = [[row for page in pages for row in page["rows"] if row["currency"] == currency] for currency in ("EUR", "USD")]
    assert [row for rows in of_each for row in rows] == whole


async def test_what_a_server_earned_is_of_no_version_that_is_known(told: World):
    for name in ("browser_version", "os_version"):
        rows = (await told.ask(f"revenue/{name}", period="today"))["rows"]
        assert next(row["revenue"] for row in rows if not row["value"]) == "100"


async def test_amounts_of_any_size_add_up_to_the_last_digit(world: World):
    amounts = ["0.1"] * 10 + ["9" * 30 + "." + "9" * 30, "-0.3", "0." + "0" * 29 + "1"]
    await world.tell(*(paid(amount, "XTS", at=AT + n * MINUTE) for n, amount in enumerate(amounts)))
    (one,) = (await world.ask("revenue", period="today"))["currencies"]
    whole = 10**30 * 10**30 + 7 * 10**29
    assert int(one["now"]["revenue"].replace(".", "")) == whole
    assert Decimal(one["now"]["per_paid_event"]).as_tuple().exponent == -4


async def test_any_key_and_any_value_is_a_dimension_and_a_filter(world: World):
    await world.tell(*(event("Said", at=AT + n * MINUTE, props={key: key}) for n, key in enumerate(HOSTILE)))
    rows = (await world.ask("properties", period="today"))["rows"]
    assert sorted(row["key"] for row in rows) == sorted(HOSTILE)
    for row in rows:
        named, key = row["dimension"], row["key"]
        at = quote(named, safe=":")
        assert await world.values(at, "events", period="today", filter=[f"{named}:{key}"]) == {key: 1}
    csv = await world.get(f"/api/stats/{SITE}/breakdown/{quote(property_called('file.csv').name)}.csv", period="today")
    assert (csv.status_code, csv.text.splitlines()[0].split(",")[0]) == (200, "prop:file%2Ecsv")


@pytest.mark.parametrize("key", [*HOSTILE, "😀", "a\tb", "x" * 300])
def test_a_key_is_found_again_by_its_name(key: str):
    dimension = property_called(key)
    assert dimension_named(dimension.name) == dimension
    assert not set(dimension.name.removeprefix("prop:")) & set(":!~^*=/?#& ")
    assert not dimension.name.endswith(".csv")


@pytest.mark.parametrize("name", ["prop:", "prop", "prop:%00", "prop:%ff", "props:a"])
async def test_what_is_no_key_is_refused_without_a_word_of_it(doorstep: World, name: str):
    answer = await doorstep.get(f"/api/stats/{SITE}/overview", filter=f"{name}:x")
    assert (answer.status_code, answer.json()["field"]) == (400, "filter")
