"""A fact that cannot be applied is set aside with its reason, alone, and nothing of what it says is kept."""

import json

import pytest
from msgspec.structs import replace

from contracts.codec import CODEC, type_of
from contracts.events import EventRecorded, Money
from contracts.streams import subject_of
from projections.stream.item import Quarantined, Reason, Sequenced, read_item
from tests.facts import engagement, event, pageview
from tests.projections.world import Facts, Tables, project_all

SUBJECT = "events.web.0.main.example/org.page_viewed/v1"
CANARY = "canary-7d1f"


def altered(**fields: object) -> bytes:
    """Return a pageview's bytes with some fields replaced."""
    return json.dumps(json.loads(CODEC.encode(pageview())) | fields).encode()


UNREADABLE = {
    "no JSON": (b"\xff\xfe{", Reason.UNDECODABLE),
    "a missing field": (b'{"type": "page_viewed.v1"}', Reason.UNDECODABLE),
    "a type that nobody has heard of": (altered(type="page_dreamt.v1"), Reason.UNKNOWN_TYPE),
    "an id that is no UUID": (altered(id="7"), Reason.UNDECODABLE),
    "a visitor that is no hash": (altered(visitor="anna"), Reason.UNDECODABLE),
    "a time without a zone": (altered(occurred_at="2026-11-20T12:00:00"), Reason.UNDECODABLE),
    "a year that no partition is made for": (altered(occurred_at="9999-12-31T23:59:59Z"), Reason.UNDECODABLE),
    "a day that no partition is made for": (altered(salt_day="0001-01-01"), Reason.UNDECODABLE),
}


@pytest.mark.parametrize(("body", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_known_by_its_class(body: bytes, reason: Reason):
    read = read_item(body, seq=7, message_id="m", subject=SUBJECT)
    assert isinstance(read, Quarantined)
    assert replace(read, came_at=None) == Quarantined(
        seq=7, message_id="m", reason=reason, contract="page_viewed.v1", tenant="main", site="example.org"
    )


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "ten", "1e999999"])
def test_an_amount_that_does_not_add_up_is_set_aside(amount: str):
    fact = event(revenue=Money(amount=amount, currency="EUR"))
    read = read_item(CODEC.encode(fact), seq=1, message_id="", subject=SUBJECT)
    assert isinstance(read, Quarantined)


def test_an_amount_that_adds_up_is_read():
    fact = event(revenue=Money(amount="-12.30", currency="EUR"))
    read = read_item(CODEC.encode(fact), seq=1, message_id="", subject=SUBJECT)
    assert isinstance(read, Sequenced)


@pytest.mark.parametrize(
    ("subject", "owner"),
    [
        (SUBJECT, ("main", "example.org")),
        ("events.web.0.main.example/org", ("", "")),
        ("somebody.elses", ("", "")),
        ("events.web.0.a\0b.c.d", ("a\ufffdb", "c")),
    ],
)
def test_a_pointer_says_whose_it_is_as_far_as_its_subject_does(subject: str, owner: tuple[str, str]):
    item = read_item(b"?", seq=1, message_id="", subject=subject)
    assert (item.tenant, item.site) == owner


POISON = {
    "a NUL in a text": (pageview(f"/{CANARY}\0"), Reason.VALUE),
    "a NUL in a property": (event(props={CANARY: "\0"}), Reason.VALUE),
    "a NUL in the site": (pageview(site=f"{CANARY}\0"), Reason.VALUE),
    "a number that is too large": (engagement(2**40), Reason.VALUE),
    "a percentage that is too large": (engagement(1, scroll_percent=2**20), Reason.VALUE),
    "a key that is too long": (pageview(tenant=CANARY + "".join(chr(0x4E00 + i % 20000) for i in range(9000))), Reason.LIMIT),
}


@pytest.mark.parametrize(("poison", "reason"), POISON.values(), ids=POISON)
async def test_what_postgres_refuses_is_found_among_the_others(
    poison: EventRecorded, reason: Reason, facts: Facts, tables: Tables, database_url: str
):
    await facts.publish(*(pageview(f"/{number}") for number in range(5)))
    await facts.store(CODEC.encode(poison), subject_of("web", "main", "example.org", type_of(poison)), "poison")
    await facts.publish(*(pageview(f"/{number}") for number in range(5)))
    await project_all(facts, tables, database_url)
    assert await tables.rows("SELECT * FROM quarantine") == [
        {
            "partition": 0,
            "seq": 6,
            "tenant": "main",
            "site": "example.org",
            "reason": reason.value,
            "contract": type_of(poison),
            "came_at": poison.received_at,
            "imported": False,
        }
    ]
    assert await tables.rows("SELECT applied, duplicates, quarantined FROM positions") == [
        {"applied": 10, "duplicates": 0, "quarantined": 1}
    ]
    assert await tables.value("SELECT pageviews FROM visits") == 10


async def test_an_id_that_comes_back_after_the_horizon_is_another_fact_whatever_its_time(
    facts: Facts, tables: Tables, database_url: str
):
    first = pageview()
    later = pageview(id=first.id, received_at=first.received_at.replace(month=12))
    await facts.publish(first)
    await facts.repeat(later)
    await project_all(facts, tables, database_url)
    assert await tables.count("quarantine") == 0
    assert await tables.count("hits") == 2


async def test_nothing_that_a_poison_says_is_logged(
    facts: Facts, tables: Tables, database_url: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    await facts.publish(pageview(f"/{CANARY}\0"), pageview(f"/{CANARY}"), engagement(2**40))
    await project_all(facts, tables, database_url)
    assert await tables.count("quarantine") == 2
    logged = [str(record.__dict__) for record in caplog.records if record.name.startswith("projections")]
    assert any("set aside" in line for line in logged)
    assert not any(CANARY in line for line in logged)
