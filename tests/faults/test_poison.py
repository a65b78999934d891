"""Poison in the stream: set aside once with its reason, its neighbours counted, and the projector never stops for it."""

import json
import secrets
from collections.abc import Callable

import nats.errors
import pytest

from contracts.codec import CODEC
from contracts.streams import MAX_FACT_BYTES
from tests.facts import event, pageview
from tests.faults.role import Role
from tests.faults.waiting import until
from tests.projections.world import CHECK, Facts, Tables, project_all

SUBJECT = "events.web.0.main.example/org.page_viewed/v1"
REGRESSED_OR_NEWER = 3


def altered(**fields: object) -> bytes:
    """Return a pageview's bytes with some fields replaced."""
    return json.dumps(json.loads(CODEC.encode(pageview())) | fields).encode()


def without(field: str) -> bytes:
    fields = json.loads(CODEC.encode(pageview()))
    del fields[field]
    return json.dumps(fields).encode()


def with_props(props: str) -> bytes:
    return CODEC.encode(event(props={"n": 1})).replace(b'{"n":1}', props.encode())


POISON = {
    "nothing at all": b"",
    "broken JSON": altered()[:-1],
    "no UTF-8": b'{"type":"page_viewed.v1","id":"\xff"}',
    "half a surrogate pair": altered(tenant="?").replace(b'"?"', b'"\\ud800"'),
    "a tower of brackets": b"[" * 60_000,
    "a list": b"[]",
    "a type that nobody has heard of": altered(type="page_dreamt.v1"),
    "no type": without("type"),
    "a NUL in the path": altered(page={"hostname": "example.org", "path": "/\0"}),
    "a NUL in a property": with_props('{"n":"\\u0000"}'),
    "a number beyond every float": with_props('{"n":1e400}'),
    "a moment before the first year": altered(occurred_at="0001-01-01T00:00:00+14:00"),
    "a moment after the last year": altered(occurred_at="9999-12-31T23:59:59-14:00"),
    "received before the first year": altered(received_at="0001-01-01T00:00:00+14:00"),
    "received after the last year": altered(received_at="9999-12-31T23:59:59-14:00"),
    "a site that no index can hold": altered(site=secrets.token_hex(3000)),
    "the largest that the stream takes": b"x" * (MAX_FACT_BYTES - 200),
}
# What looks like poison and is not: the tables hold it.
EDIBLE = {
    "no visitor": without("visitor"),
    "a path of 6,000 characters": altered(page={"hostname": "example.org", "path": "/" + secrets.token_hex(3000)}),
    "a whole number of 401 digits": with_props(f'{{"n":{10**400}}}'),
}


async def test_each_poison_is_set_aside_once_and_every_neighbour_is_counted(
    facts: Facts, tables: Tables, database_url: str, role: Callable[..., Role]
):
    projector = role("project", NATS_URL=facts.nats_url, DATABASE_URL=database_url)
    await projector.ready()
    expected: dict[int, str] = {}
    for number, (name, body) in enumerate(POISON.items()):
        await facts.publish(pageview(f"/{number}"))
        expected[await facts.store(body, SUBJECT, f"poison-{number}")] = name
    for number, body in enumerate(EDIBLE.values()):
        await facts.store(body, SUBJECT, f"edible-{number}")
    await facts.publish(pageview("/last"))
    total = 2 * len(POISON) + len(EDIBLE) + 1
    await until(lambda: everything_ended(tables, total, projector), "every fact has ended")
    set_aside = {row["seq"] for row in await tables.rows("SELECT seq FROM quarantine")}
    assert {expected[seq] for seq in set_aside} == set(POISON)
    assert await tables.rows("SELECT applied, duplicates, quarantined FROM positions") == [
        {"applied": total - len(POISON), "duplicates": 0, "quarantined": len(POISON)}
    ]
    assert await tables.count("hits") == total - len(POISON)
    assert not projector.unready()
    assert projector.stop() == 0


async def everything_ended(tables: Tables, total: int, projector: Role) -> bool:
    assert projector.is_running, projector.said()
    return await tables.dealt_with() >= total


async def test_a_poison_alone_in_its_batch_is_set_aside_too(
    facts: Facts, tables: Tables, database_url: str, role: Callable[..., Role], subtests: pytest.Subtests
):
    projector = role("project", NATS_URL=facts.nats_url, DATABASE_URL=database_url)
    await projector.ready()
    for number, (name, body) in enumerate(POISON.items(), start=1):
        with subtests.test(name):
            await facts.store(body, SUBJECT, f"poison-{number}")
            await until(lambda total=number: everything_ended(tables, total, projector), name)
    assert await tables.value("SELECT quarantined FROM positions") == len(POISON)


# A message id is the publisher's word, and stands beside the position; ours are hexadecimal.
STRANGE_IDS = (b"a\0b", b"a\xffb", b"a" * 20_000, b"one\r\nNats-Msg-Id: other", "  \u2028 \x85".encode(), b"")


async def test_a_strange_message_id_at_the_position_is_held_and_known_again(
    facts: Facts, tables: Tables, database_url: str, subtests: pytest.Subtests
):
    for number, id_ in enumerate(STRANGE_IDS, start=1):
        with subtests.test(id_[:20]):
            await store_under(facts, id_, CODEC.encode(pageview(f"/{number}")))
            # Each time it finds the id of the message before at its position.
            await project_all(facts, tables, database_url)
    await facts.publish(pageview("/last"))
    await project_all(facts, tables, database_url)
    assert await tables.value("SELECT applied FROM positions") == len(STRANGE_IDS) + 1


async def store_under(facts: Facts, id_: bytes, body: bytes) -> None:
    """Publish as a client of its own making would: nats-py refuses to send such headers."""
    head = b"NATS/1.0\r\nNats-Msg-Id: " + id_ + b"\r\n\r\n"
    size = f"{len(head)} {len(head) + len(body)}"
    await facts.client._send_command(f"HPUB {SUBJECT} {size}\r\n".encode() + head + body + b"\r\n")
    await facts.client.flush()


async def test_the_stream_itself_refuses_a_megabyte(facts: Facts):
    with pytest.raises(nats.errors.Error):
        await facts.store(b"x" * 1_000_000, SUBJECT, "too large")


async def test_a_newer_version_stops_the_role_which_says_so_and_skips_nothing(
    facts: Facts, tables: Tables, database_url: str, role: Callable[..., Role]
):
    await facts.publish(pageview("/1"))
    await facts.store(altered(type="page_viewed.v3"), SUBJECT, "newer")
    await facts.publish(pageview("/3"))
    projector = role("project", NATS_URL=facts.nats_url, DATABASE_URL=database_url)
    halted = 'collector_projection_halted{generation="1",partition="0",projection="web",reason="newer_version"}'
    await until(lambda: projector.is_running and projector.unready().get(CHECK, "").startswith("The event at 2"), halted)
    assert projector.metric(halted) == 1
    assert "install a newer version" in projector.unready()[CHECK]
    assert "install a newer version" in projector.said()
    assert await tables.rows("SELECT seq, applied, quarantined FROM positions") == [{"seq": 1, "applied": 1, "quarantined": 0}]
    assert projector.stop() == REGRESSED_OR_NEWER
