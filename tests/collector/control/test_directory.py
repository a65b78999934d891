"""What the control plane's events make of names, sites and keys, and which sites are collected for then."""

import pytest
from msgspec import structs

from collector.control.directory import Directory, collected_sites, tenant_of_strangers
from collector.control.things import Things
from collector.outcomes import Unavailable, UnavailableReason
from collector.settings import read_settings
from collector.sites import Site, Sites
from contracts.control import sites, tenants
from contracts.control.envelope import ControlEvent
from tests.collector.control.telling import Decided

PRODUCTION = {"COLLECTOR_MODE": "production", "COLLECTOR_SITES": "old.example,shop.example"}


def folded(*events: ControlEvent) -> Things:
    things = Things()
    for event in events:
        things.apply(event)
    return things


def collected(environment: dict[str, str], *events: ControlEvent) -> Sites:
    directory = Directory()
    directory.become(folded(*events))
    return collected_sites(read_settings(environment).collection, directory)


def key_of(site: Site | None) -> tuple[str, str] | None:
    return None if site is None else (site.tenant, site.id)


def test_every_name_of_a_site_leads_to_its_key():
    decided = Decided()
    things = folded(*decided.site("acme", "shop.example", "www.shop.example", "boutique.example"))
    assert {name: key_of(site) for name, site in things.by_name.items()} == dict.fromkeys(
        ("shop.example", "www.shop.example", "boutique.example"), ("acme", "shop.example")
    )


def test_a_name_that_is_given_up_leads_nowhere_and_then_to_whoever_claims_it():
    decided = Decided()
    events = [*decided.site("acme", "shop.example"), *decided.unname("acme", "shop.example", "shop.example")]
    things = folded(*events)
    assert "shop.example" not in things.by_name
    assert things.has_decided_on("shop.example")
    assert key_of(things.site("acme", "shop.example")) == ("acme", "shop.example")
    for event in [*decided.site("other", "other.example"), *decided.name("other", "other.example", "shop.example")]:
        things.apply(event)
    assert key_of(things.by_name["shop.example"]) == ("other", "other.example")


def test_of_two_claims_of_one_version_the_first_counts():
    first, second = Decided(), Decided()
    things = folded(*first.site("acme", "acme.example"), *second.site("other", "other.example"))
    for event in [*first.name("acme", "acme.example", "both.example"), *second.name("other", "other.example", "both.example")]:
        things.apply(event)
    assert key_of(things.by_name["both.example"]) == ("acme", "acme.example")


def test_an_event_that_comes_twice_or_too_late_changes_nothing():
    decided = Decided()
    added, archived, restored = (
        decided.event(kind, tenants.tenant_id("acme"))
        for kind in (tenants.TenantAdded, tenants.TenantArchived, tenants.TenantRestored)
    )
    things = folded(added, archived, added, archived)
    assert things.archived == {"acme"}
    things.apply(restored)
    things.apply(archived)
    assert not things.archived


def test_behind_an_event_that_nobody_can_read_the_next_one_counts():
    decided = Decided()
    text, issued = decided.key("acme", "ingest")
    things = folded(*issued)
    (revoked,) = decided.revoke(text)
    things.pass_over(revoked.originator_id, 2)
    things.apply(structs.replace(revoked, originator_version=3))
    assert not things.keys


def test_an_archived_tenant_has_no_open_site_until_it_is_restored():
    decided = Decided()
    events = [*decided.tenant("acme"), *decided.site("acme", "shop.example"), *decided.site("other", "other.example")]
    things = folded(*events, decided.event(tenants.TenantArchived, tenants.tenant_id("acme")))
    assert [site.id for site in things.open_sites()] == ["other.example"]
    assert not things.by_name["shop.example"].is_open
    things.apply(decided.event(tenants.TenantRestored, tenants.tenant_id("acme")))
    assert things.by_name["shop.example"].is_open
    assert len(things.open_sites()) == 2


@pytest.mark.parametrize("kind", [sites.SiteArchived, sites.SiteErasureBegun])
def test_a_site_that_takes_nothing_is_known_and_closed(kind: type[ControlEvent]):
    decided = Decided()
    events = [*decided.site("acme", "shop.example"), *decided.of_site(kind, "acme", "shop.example")]
    for environment in ({}, PRODUCTION):
        site = collected(environment, *events).find("shop.example")
        assert site is not None
        assert not site.is_open


def test_production_collects_for_what_was_added_and_for_what_is_listed_until_somebody_decides_on_it():
    decided = Decided()
    added = decided.site("acme", "new.example", "alias.example")
    found = collected(PRODUCTION, *added)
    assert key_of(found.find("alias.example")) == ("acme", "new.example")
    assert key_of(found.find("old.example")) == ("main", "old.example")
    assert found.find("stranger.example") is None
    gone = [*decided.site("main", "old.example"), *decided.unname("main", "old.example", "old.example")]
    assert collected(PRODUCTION, *added, *gone).find("old.example") is None


def test_development_takes_any_name_but_for_what_was_decided_on_it():
    decided = Decided()
    found = collected({}, *decided.site("acme", "shop.example", "alias.example"))
    assert key_of(found.find("any.example")) == ("main", "any.example")
    assert key_of(found.find("alias.example")) == ("acme", "shop.example")
    assert key_of(found.only()) == ("main", "localhost")


@pytest.mark.parametrize("environment", [{}, PRODUCTION])
def test_a_tenants_credential_finds_no_site_of_another(environment: dict[str, str]):
    found = collected(environment, *Decided().site("acme", "acme.example"))
    assert key_of(found.find("acme.example", "acme")) == ("acme", "acme.example")
    assert key_of(found.keyed("acme", "acme.example")) == ("acme", "acme.example")
    for foreign in (found.find("acme.example", "other"), found.keyed("other", "acme.example")):
        assert key_of(foreign) != ("acme", "acme.example")


@pytest.mark.parametrize("environment", [{}, PRODUCTION])
def test_a_tenants_credential_is_not_told_whether_a_name_is_anothers(environment: dict[str, str]):
    decided = Decided()
    gone = [*decided.site("acme", "gone.example"), *decided.unname("acme", "gone.example", "gone.example")]
    found = collected(environment, *decided.site("acme", "acme.example"), *gone)
    for ask in (lambda name: found.find(name, "other"), lambda name: found.keyed("other", name)):
        answers = [ask(name) for name in ("acme.example", "gone.example", "nobodys.example")]
        assert len({site is None for site in answers}) == 1
        assert {site.tenant for site in answers if site is not None} <= {"other"}
    assert found.find("gone.example", "acme") is None


def test_a_hit_without_a_claim_belongs_to_the_only_open_site_there_is():
    alone = {"COLLECTOR_MODE": "production"}
    decided = Decided()
    shop = decided.site("acme", "shop.example", "alias.example")
    assert collected(alone).only() is None
    assert key_of(collected(alone, *shop).only()) == ("acme", "shop.example")
    assert key_of(collected(alone | {"COLLECTOR_SITES": "alias.example"}, *shop).only()) == ("acme", "shop.example")
    assert collected(alone | {"COLLECTOR_SITES": "other.example"}, *shop).only() is None
    assert collected(alone, *shop, *decided.site("acme", "blog.example")).only() is None


@pytest.mark.parametrize(
    ("environment", "tenants", "theirs"),
    [
        ({}, (), "main"),
        ({}, ("main",), "main"),
        ({}, ("acme",), ""),
        ({"COLLECTOR_MODE": "production"}, (), "main"),
        ({"COLLECTOR_MODE": "production"}, ("acme",), "acme"),
        ({"COLLECTOR_MODE": "production"}, ("acme", "other"), ""),
        (PRODUCTION, ("acme",), ""),
    ],
)
def test_what_nobodys_site_is_hit_with_is_told_to_the_only_tenant_and_to_none_of_several(
    environment: dict[str, str], tenants: tuple[str, ...], theirs: str
):
    directory, decided = Directory(), Decided()
    directory.become(folded(*(event for name in tenants for event in decided.tenant(name))))
    assert tenant_of_strangers(read_settings(environment).collection, directory) == theirs


@pytest.mark.parametrize("environment", [{}, PRODUCTION])
def test_before_everything_is_read_nobody_is_a_stranger(environment: dict[str, str]):
    directory = Directory()
    found = collected_sites(read_settings(environment).collection, directory)
    for look_up in (lambda: found.find("shop.example"), lambda: found.keyed("main", "shop.example"), found.only):
        with pytest.raises(Unavailable) as unread:
            look_up()
        assert unread.value.reason is UnavailableReason.STREAM_DISCONNECTED


def test_a_page_of_a_tenants_sites_costs_nothing_for_those_that_are_not_on_it():
    decided = Decided()
    many = [event for number in reversed(range(300)) for event in decided.site("many", f"{number:03}.example")]
    things = folded(*many, *decided.site("few", "few.example"))
    looked_at: list[str] = []

    def fits(site: sites.Site) -> bool:
        looked_at.append(site.key)
        return True

    found = things.some(sites.Site, "many", after=sites.site_id("many", "099.example"), most=3, fits=fits)
    assert [site.key for site in found] == looked_at == ["100.example", "101.example", "102.example"]
    assert [site.key for site in things.some(sites.Site, "few", after="", most=9)] == ["few.example"]
    for event in decided.site("many", "0995.example"):
        things.apply(event)
    assert things.some(sites.Site, "many", after=sites.site_id("many", "099.example"), most=1)[0].key == "0995.example"
