"""What the ledger and quarantine advise is done in the situation that says it, and mends it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from contracts.codec import type_of
from contracts.tallies import hour_of
from projections.projections import WEB
from tests.advice.installation import Installation, advised
from tests.facts import event, pageview
from tests.projections.tallies.two_sides import stored_in
from tests.projections.world import project_all

OLDER = replace(WEB, facts=tuple(fact for fact in WEB.facts if not type_of(fact).startswith("event_recorded.")))


def now() -> datetime:
    return datetime.now(UTC)


def before() -> datetime:
    """Return a moment of an hour that is over."""
    return hour_of(now()) - timedelta(hours=2)


async def known(installation: Installation, stored: int) -> None:
    await stored_in(installation.database_url, before(), stored, until=now())


def at(**fields: Any) -> Any:
    return pageview(at=before(), received_at=before() + timedelta(minutes=1), **fields)


async def test_an_hour_that_lost_an_event_is_named_and_a_backfill_mends_it(installation: Installation):
    await installation.count(at(), at())
    await known(installation, 2)
    check = await installation.run("collector ledger check")
    assert (check.exit_code, "adds up" in check.output) == (0, True), check.output
    await installation.tables.connection.execute("UPDATE ends SET facts = facts - 1")
    check = await installation.run("collector ledger check --site example.org")
    assert check.exit_code == 1
    assert f"example.org does not add up, first in the hour from {before():%Y-%m-%d %H:00} UTC: 1 event is told" in check.output
    assert "does not add up" in (await installation.run("collector doctor")).output
    (step,) = advised(check.output)
    await installation.run(step)
    await known(installation, 2)
    assert (await installation.run("collector ledger check")).exit_code == 0


async def test_what_was_counted_before_the_ledger_was_kept_is_counted_by_a_backfill(installation: Installation):
    await installation.count(at())
    await known(installation, 1)
    await installation.tables.connection.execute("DELETE FROM ends; INSERT INTO ends_since VALUES (0, now())")
    assert (await installation.run("collector ledger check")).exit_code == 0, "which nobody can hold against it"
    await installation.run("collector backfill")
    await known(installation, 2)
    assert (await installation.run("collector ledger check")).exit_code == 1, "but now it is"


async def test_what_cannot_be_added_to_is_counted_by_a_backfill(installation: Installation):
    first = event()
    await installation.facts.publish(first)
    await installation.facts.repeat(pageview(id=first.id))
    await project_all(installation.facts, installation.tables, installation.database_url, projections=[OLDER])
    await installation.tables.connection.execute("INSERT INTO ends_since VALUES (0, now())")
    refused = await installation.run("collector quarantine retry")
    assert refused.exit_code == 1
    (step,) = advised(" ".join(refused.output.split()))
    await installation.run(step)
    assert await installation.tables.rows("SELECT kind FROM hits WHERE event_id = $1", first.id) == [{"kind": 2}]


async def test_quarantine_is_listed_shown_without_its_words_and_applied_again(installation: Installation):
    canary = "canary"
    await installation.facts.publish(pageview(), event(canary, props={canary: canary}))
    await installation.facts.store(b'{"type": "page_viewed.v1", "' + canary.encode() + b'": 1}', "events.web.0.a.b.c", "x")
    await project_all(installation.facts, installation.tables, installation.database_url, projections=[OLDER])
    last = await installation.tables.value("SELECT max(seq) FROM positions")
    listed = await installation.run("collector quarantine list")
    assert f"EVENTS_WEB_0:{last - 1}" in listed.output
    assert f"1 unknown_type ({type_of(event())})" in listed.output
    for place in (f"EVENTS_WEB_0:{seq}" for seq in (last, last - 1, last - 2)):
        shown = await installation.run(f"collector quarantine show {place}")
        assert (shown.exit_code, canary in shown.output) == (0, False), shown.output
    assert (await installation.run("collector quarantine show EVENTS_WEB_0:99")).exit_code == 1
    assert (await installation.run("collector quarantine show nonsense")).exit_code == 2
    again = await installation.run("collector quarantine retry")
    assert (again.exit_code, again.output.split(";")[0]) == (3, "1 of 3 are applied")
    assert (await installation.run("collector quarantine drop")).exit_code == 2
    dropped = await installation.run(f"collector quarantine drop EVENTS_WEB_0:{last} --yes")
    assert dropped.exit_code == 0, dropped.output
    await installation.run("collector backfill")
    assert await installation.tables.value("SELECT reason FROM quarantine WHERE seq = $1", last) == "left_out"
    assert "Nothing of that" in (await installation.run(f"collector quarantine retry EVENTS_WEB_0:{last}")).output
