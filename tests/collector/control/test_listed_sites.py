"""A name in the settings becomes a site once; what was decided about it since is not decided over, and is said."""

from collector.control.listed_sites import Differs, Why, add_listed_sites
from collector.control.plane import ControlPlane
from contracts.control.sites import SiteState


def test_a_name_in_the_settings_becomes_a_site_once(plane: ControlPlane):
    assert add_listed_sites(plane, "main", ["shop.example", "blog.example"]) == []
    before = plane.sites.find("main", "shop.example")
    assert (before.state, before.version) == (SiteState.OPEN, 2)
    assert add_listed_sites(plane, "main", ["shop.example", "blog.example"]) == []
    assert plane.sites.find("main", "shop.example") == before


def test_nothing_in_the_settings_decides_nothing(plane: ControlPlane):
    assert add_listed_sites(plane, "main", []) == []
    assert plane.look("tenant:main").thing is None


def test_what_was_decided_since_stays_and_is_said(plane: ControlPlane):
    names = ["archived.example", "erased.example", "unnamed.example", "alias.example"]
    add_listed_sites(plane, "main", names[:3])
    plane.sites.archive("main", "archived.example", by="here")
    plane.sites.begin_erasure("main", "erased.example", by="here")
    plane.sites.unname("main", "unnamed.example", "unnamed.example", by="here")
    plane.sites.add("main", "shop.example", by="here")
    plane.sites.name("main", "shop.example", "alias.example", by="here")
    said = [
        Differs(name="archived.example", why=Why.ARCHIVED),
        Differs(name="erased.example", why=Why.ERASED),
        Differs(name="unnamed.example", why=Why.UNNAMED),
    ]
    assert add_listed_sites(plane, "main", names) == said
    plane.sites.say_erased("main", "erased.example", stream="EVENTS_WEB_0", erased=[(1, 2)], is_last=True, by="here")
    assert add_listed_sites(plane, "main", names) == said
    assert plane.look("site:main:alias.example").version == 0


def test_a_name_of_another_tenants_is_not_taken_from_it(acme: ControlPlane):
    assert add_listed_sites(acme, "main", ["shop.example"]) == [Differs(name="shop.example", why=Why.UNNAMED)]
    assert acme.sites.find("acme", "shop.example").state is SiteState.OPEN


def test_an_archived_tenant_gets_no_sites_from_the_settings(plane: ControlPlane):
    plane.tenants.add("main", by="here")
    plane.tenants.archive("main", by="here")
    assert add_listed_sites(plane, "main", ["a.example"]) == [Differs(name="a.example", why=Why.TENANT_ARCHIVED)]
