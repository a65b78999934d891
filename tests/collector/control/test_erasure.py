"""A deleted site's facts leave the stream, with every byte, and nobody else's do, whoever is killed meanwhile."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable

import pytest
from msgspec import structs

from collector.control.decided import Reason
from collector.control.erasure import progress_of
from collector.control.stored_facts import StoredFacts
from collector.local.nats import NatsServer
from contracts.control.sites import SiteState, site_id
from contracts.streams import message_id
from tests.collector.control.erasing import DOOMED, LIKE_IT, QUICK, Installation, erasing_here, installed, until
from tests.collector.control.worlds import kill, refused
from tests.collector.ingest import running
from tests.facts import STREAM, pageview

SECRETS = ("acme.shop/example.page", '"tenant":"acme","site":"shop.example",', "/secret-")


@pytest.fixture
async def installation(nats_server: Callable[[], NatsServer]) -> AsyncIterator[Installation]:
    async with installed(nats_server()) as made:
        yield made


async def test_nothing_of_an_erased_site_is_left_on_the_disk_and_everything_of_the_others_is(installation: Installation):
    facts = [pageview(f"/secret-{n}", tenant="acme", site="shop.example") for n in range(50)]
    ids = [message_id(*DOOMED, fact.id) for fact in facts]
    (first, *_) = await installation.store(*facts[:25])
    others = await installation.store_mixed(30)
    await installation.store(*facts[25:])
    assert installation.on_disk(*SECRETS, *ids)
    await installation.begin_erasure()
    async with erasing_here(installation.server):
        await until(installation.is_erased, "it is erased")
    assert await installation.left() == others
    assert installation.on_disk(*SECRETS, *ids, *(fact.id for fact in facts)) == {}
    # The server's index names subjects, and is written again when it stops, or within three minutes.
    installation.server.stop()
    assert installation.on_disk(*SECRETS, *ids) == {}
    assert installation.on_disk("acme.shop/example/org.page"), "the others' facts are to be found in the same way"
    installation.server.start()
    listed = await installation.listed()
    assert len(listed) == len(set(listed)) == 80
    assert min(listed) == first


async def test_its_names_are_free_once_it_is_erased_and_not_before(installation: Installation):
    await installation.store_mixed(3)
    await installation.begin_erasure()
    with refused(Reason.CONFLICT):
        installation.plane.sites.add("ac", "shop.example", by="here")
    async with erasing_here(installation.server):
        await until(installation.is_erased, "it is erased")
    added = installation.plane.sites.add("ac", "shop.example", by="here").thing
    assert added.state is SiteState.OPEN
    assert await installation.left() == 2 * len(LIKE_IT)


async def test_a_site_without_facts_is_erased_at_once(installation: Installation):
    await installation.begin_erasure()
    async with erasing_here(installation.server):
        await until(installation.is_erased, "it is erased")
    assert await installation.listed() == []


async def test_an_eraser_that_was_killed_is_gone_on_for(installation: Installation):
    others = await installation.store_mixed(400)
    await installation.begin_erasure()
    place = (str(installation.server._folder), *map(str, installation.server._known_ports()))
    eraser = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.collector.control.erasing", *place)
    await until(lambda: _below(installation, others + 350), "it has begun")
    eraser.kill()
    await eraser.wait()
    left = await installation.left()
    assert others < left
    progress = await progress_of(installation.client, installation.plane, installation.plane.sites.find(*DOOMED))
    assert (progress.done, progress.total) == (400 - (left - others), 400)
    async with erasing_here(installation.server):
        await until(installation.is_erased, "it is erased")
    await _is_whole(installation, others, doomed=400)


async def test_whoever_goes_on_says_which_message_the_one_before_was_at(installation: Installation, caplog):
    await installation.store_mixed(60)
    await installation.begin_erasure()
    erasing = asyncio.create_task(installation.eraser(structs.replace(QUICK, settle_seconds=0, rest=5)).look())
    await until(lambda: _below(installation, 60), "it has begun")
    erasing.cancel()
    await asyncio.gather(erasing, return_exceptions=True)
    left = await StoredFacts(installation.client, *DOOMED).first(STREAM, most=60)
    last = max(seq for seq in await installation.listed() if seq < left[0])
    caplog.clear()
    await installation.eraser(structs.replace(QUICK, settle_seconds=0)).look()
    said = [record.getMessage() for record in caplog.records if "may be left" in record.getMessage()]
    assert len(said) == 1
    assert f"the one at {last} of {STREAM}:" in said[0]


async def test_an_erasure_goes_on_when_nats_was_killed(installation: Installation):
    others = await installation.store_mixed(300)
    await installation.begin_erasure()
    async with erasing_here(installation.server):
        await until(lambda: _below(installation, others + 250), "it has begun")
        kill(installation.server)
        installation.server.start()
        await until(installation.is_erased, "it is erased")
    assert await installation.left() == others
    assert sorted(await installation.listed()) == sorted(set(await installation.listed()))
    assert len(await installation.listed()) == 300
    # JetStream writes that a message is gone before it writes over its bytes: killed between the two, it leaves those of one.
    folder = next(installation.server.store.rglob(STREAM))
    assert sum(path.read_bytes().count(b"/secret-") for path in folder.rglob("*") if path.is_file()) <= 1


async def test_of_two_that_erase_one_stands_by_and_nothing_is_said_twice(installation: Installation):
    others = await installation.store_mixed(150)
    await installation.begin_erasure()
    async with erasing_here(installation.server), erasing_here(installation.server):
        await until(installation.is_erased, "it is erased")
    await _is_whole(installation, others, doomed=150)


async def test_what_is_stored_while_it_is_being_erased_goes_too(installation: Installation):
    others = await installation.store_mixed(20)
    await installation.begin_erasure()
    eraser = installation.eraser(QUICK)
    await eraser.look()
    await installation.store(pageview("/secret-late", tenant="acme", site="shop.example"))
    await until(lambda: _looked(eraser, installation), "it is erased")
    await _is_whole(installation, others, doomed=21)


async def test_what_somebody_stores_who_had_not_heard_of_it_goes_as_well(installation: Installation):
    others = await installation.store_mixed(5)
    await installation.begin_erasure()
    async with erasing_here(installation.server):
        await until(installation.is_erased, "it is erased")
        await installation.store(pageview("/secret-late", tenant="acme", site="shop.example"))
        await until(lambda: _below(installation, others + 1), "it is gone, too")
        await until(installation.is_erased, "it is erased again")
    await _is_whole(installation, others, doomed=6)


async def test_a_site_that_is_there_anew_keeps_what_it_takes(installation: Installation):
    await installation.begin_erasure()
    async with erasing_here(installation.server):
        await until(installation.is_erased, "it is erased")
        installation.plane.sites.add(*DOOMED, by="here")
        await installation.store(pageview("/new", tenant="acme", site="shop.example"))
        eraser = installation.eraser()
        eraser._erased[site_id(*DOOMED)] = installation.plane.sites.find(*DOOMED), float("inf")
        await eraser._look_behind()
    assert await installation.left() == 1
    assert await installation.state() is SiteState.OPEN


async def test_a_site_that_is_being_erased_takes_nothing(installation: Installation):
    environment = {"COLLECTOR_MODE": "production", "COLLECTOR_SITES": "other.example"}
    sent = {"domain": "shop.example", "pathname": "/secret-sent"}
    async with running(installation.server.url, environment) as collector:
        assert (await collector.http.post("/api/event", json=sent)).headers.get("X-Collector-Dropped") is None
        assert await collector.count() == 1
        await installation.begin_erasure()
        await until(lambda: _drops(collector, sent), "ingest has heard of it")
        async with erasing_here(installation.server):
            async with asyncio.TaskGroup() as sending:
                for _ in range(20):
                    sending.create_task(collector.http.post("/api/event", json=sent))
            await until(installation.is_erased, "it is erased")
        await until(lambda: _drops(collector, sent, "unknown_site"), "ingest has heard that it is gone")
        assert await collector.count() == 0
    assert installation.on_disk("/secret-sent") == {}


async def _drops(collector, sent, reason: str = "site_closed") -> bool:
    answer = await collector.http.post("/api/event", json=sent)
    assert answer.status_code == 204
    return answer.headers.get("X-Collector-Dropped") == reason


async def _looked(eraser, installation: Installation) -> bool:
    await eraser.look()
    return await installation.is_erased()


async def _below(installation: Installation, many: int) -> bool:
    return await installation.left() < many


async def _is_whole(installation: Installation, others: int, *, doomed: int) -> None:
    assert await installation.left() == others
    listed = await installation.listed()
    assert len(listed) == len(set(listed)) == doomed
    installation.server.stop()
    assert installation.on_disk(*SECRETS) == {}
    installation.server.start()
