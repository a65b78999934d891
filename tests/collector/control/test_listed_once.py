"""Production's ingest adds the sites of its settings by itself, whenever NATS is there, and starts without it."""

import asyncio
from collections.abc import Callable

from collector.cli.checks.decisions import differing
from collector.control.plane import ControlPlane
from collector.local.nats import NatsServer
from collector.settings import read_settings
from contracts.control.sites import Site, SiteState, site_id
from tests.collector.control.telling import until
from tests.collector.ingest import running

PRODUCTION = {"COLLECTOR_MODE": "production", "COLLECTOR_SITES": "shop.example,blog.example"}


async def test_the_sites_of_the_settings_are_added_once_nats_is_there(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    await asyncio.to_thread(server.stop)
    async with running(server.url, PRODUCTION) as collector:
        things = collector.ingest.care.follower.directory.things
        assert things.thing(site_id("main", "shop.example")) is None
        await asyncio.to_thread(server.start)
        follower = collector.ingest.care.follower
        await until(lambda: follower.directory.things.has_decided_on("blog.example"), "the sites are added")
        site = follower.directory.things.thing(site_id("main", "shop.example"))
        assert isinstance(site, Site)
        assert site.state is SiteState.OPEN


def test_doctor_says_what_was_decided_otherwise(plane: ControlPlane):
    def said() -> list[str]:
        collection = read_settings(PRODUCTION).collection
        return [finding.text for finding in differing(collection, lambda thing_id: plane.look(thing_id).thing)]

    plane.tenants.add("main", by="here")
    plane.sites.add("main", "shop.example", by="here")
    assert said() == [], "what was not added yet is no difference"
    plane.sites.archive("main", "shop.example", by="here")
    (archived,) = said()
    assert "shop.example" in archived
    assert "archived" in archived
