"""What a site's owner has decided holds for what comes from then on: what is left out, who may send, what is kept as it is."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from msgspec import Struct

from contracts.control import sites
from contracts.control.sites import Exclusions, Identity, Policy
from contracts.events import EventRecorded
from tests.collector.control.telling import Pen, controlled, told
from tests.collector.ingest import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")

SITE = "shop.example"


class Owned(Struct):
    """A site, and the pen that its owner decides with."""

    collector: Running
    pen: Pen

    async def decide(self, kind: type[Any], **fields: Any) -> None:
        await self.pen.write(self.pen.of_site(kind, "main", SITE, **fields))
        await told(self.collector, self.pen)

    async def drops(self, headers: dict[str, str] | None = None, **item: Any) -> str:
        """Return why a hit is dropped, "" when it is stored."""
        before = await self.collector.count()
        answer = await self.collector.http.post(
            "/api/event", json={"domain": SITE, "pathname": "/"} | item, headers=headers or {}
        )
        assert answer.status_code == 204, answer.text
        reason = str(answer.headers.get("X-Collector-Dropped", ""))
        assert await self.collector.count() == before + (reason == "")
        return reason


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def owned(nats_url: str) -> AsyncIterator[Owned]:
    async with controlled(nats_url) as (collector, pen):
        await pen.write(pen.site("main", SITE))
        await told(collector, pen)
        yield Owned(collector, pen)


async def test_what_a_site_leaves_out_is_dropped_before_anything_is_stored(owned: Owned):
    out = Exclusions(
        paths=("/admin/*", "/draft", "/*.php*"), countries=("NO",), hosts=("staging.shop.example",), referrers=("spam.example",)
    )
    await owned.decide(sites.SiteExclusionsDecided, exclusions=out)
    left_out: tuple[dict[str, Any], ...] = (
        {"pathname": "/admin/users?x=1"},
        {"pathname": "/draft"},
        {"pathname": "/old/index.php/more"},
        {"timezone": "Europe/Oslo"},
        {"url": "https://staging.shop.example/a"},
        {"url": "https://www.staging.shop.example/a"},
        {"referrer": "https://www.spam.example/deal"},
    )
    for item in left_out:
        assert await owned.drops(**item) == "excluded", item
    kept: tuple[dict[str, Any], ...] = (
        {"pathname": "/admin"},
        {"pathname": "/drafts"},
        {"timezone": "Europe/Berlin"},
        {"url": "https://shop.example/a"},
        {"referrer": "https://notspam.example/"},
    )
    for item in kept:
        assert await owned.drops(**item) == "", item
    await owned.decide(sites.SiteExclusionsDecided, exclusions=Exclusions())
    assert await owned.drops(pathname="/draft") == ""


async def test_only_the_origins_of_a_site_may_send_and_a_server_is_not_judged(owned: Owned):
    await owned.decide(sites.SiteOriginsDecided, origins=("https://shop.example", "http://localhost:3000"))
    for origin in ("https://shop.example", "HTTP://localhost:3000"):
        assert await owned.drops({"Origin": origin}) == ""
    for origin in ("http://shop.example", "https://shop.example.evil", "https://other.example", "null"):
        assert await owned.drops({"Origin": origin}) == "foreign_origin"
    assert await owned.drops() == ""
    await owned.decide(sites.SiteOriginsDecided, origins=())
    assert await owned.drops({"Origin": "https://other.example"}) == ""


async def test_a_policy_is_stamped_on_its_facts_and_keeps_what_it_names_as_it_was_sent(owned: Owned):
    props = {"email": "jane@shop.example", "note": "jane@shop.example", "plan": "pro"}
    assert await owned.drops(eventName="Signup", customProperties=props) == ""
    before, _ = await owned.collector.stored()
    policy = Policy(id="p2", identity=Identity.ANONYMOUS, kept=("email",))
    await owned.decide(sites.SitePolicyDecided, policy=policy)
    assert await owned.drops(eventName="Signup", customProperties=props) == ""
    after, _ = await owned.collector.stored()
    assert isinstance(before, EventRecorded)
    assert isinstance(after, EventRecorded)
    assert (before.policy, before.props) == ("", {"note": "[email]", "plan": "pro"})
    assert (after.policy, after.props) == ("p2", {"email": "jane@shop.example", "note": "[email]", "plan": "pro"})


async def test_one_sites_rules_are_no_others(owned: Owned):
    await owned.decide(sites.SiteExclusionsDecided, exclusions=Exclusions(paths=("/*",)))
    assert await owned.drops() == "excluded"
    assert await owned.drops(domain="other.example") == ""
    await owned.decide(sites.SiteExclusionsDecided, exclusions=Exclusions())
