"""A site's life: added under a name that is its own, described, named, ruled, archived and erased, for its tenant alone."""

import pytest

from collector.control.checked import MOST_BEHIND_STARS
from collector.control.decided import Reason
from collector.control.plane import ControlPlane
from contracts.control.sites import Exclusions, Identity, NameUse, SiteState
from tests.collector.control.worlds import refused


def test_a_site_goes_by_its_key_and_by_what_it_is_named(acme: ControlPlane):
    acme.sites.name("acme", "shop.example", "STORE.example.", by="here")
    site = acme.sites.name("acme", "shop.example", "store.example", use=NameUse.ALIAS, by="here").thing
    assert site.names == {"shop.example": NameUse.DOMAIN, "store.example": NameUse.ALIAS}
    site = acme.sites.unname("acme", "shop.example", "shop.example", by="here").thing
    assert (site.key, site.names) == ("shop.example", {"store.example": NameUse.ALIAS})
    assert acme.sites.find("acme", "shop.example") == site


def test_a_name_belongs_to_one_site_of_the_installation(acme: ControlPlane):
    acme.tenants.add("rival", by="here")
    acme.sites.add("rival", "rival.example", by="here")
    with refused(Reason.CONFLICT) as caught:
        acme.sites.name("rival", "rival.example", "shop.example", by="here")
    assert not {"acme", "shop"} & set(str(caught.value).replace(".", " ").split())
    with refused(Reason.CONFLICT):
        acme.sites.add("rival", "shop.example", by="here")
    assert acme.sites.find("rival", "rival.example").version == 2


def test_a_name_that_was_given_up_is_anybodys(acme: ControlPlane):
    acme.tenants.add("rival", by="here")
    acme.sites.unname("acme", "shop.example", "shop.example", by="here")
    assert acme.sites.add("rival", "shop.example", by="here").thing.tenant == "rival"
    with refused(Reason.CONFLICT):
        acme.sites.name("acme", "shop.example", "shop.example", by="here")
    assert acme.sites.unname("acme", "shop.example", "shop.example", by="here").thing.names == {}


def test_adding_what_is_there_exactly_so_decides_nothing_new(acme: ControlPlane):
    again = acme.sites.add("acme", "Shop.Example", by="token")
    assert again.thing.version == 2
    with refused(Reason.CONFLICT):
        acme.sites.add("acme", "shop.example", label="Another", by="here")


@pytest.mark.parametrize(("tenant", "key"), [("rival", "shop.example"), ("acme", "none.example"), ("acme", "*"), ("", "")])
def test_a_foreign_site_and_one_that_is_not_there_are_the_same(acme: ControlPlane, tenant: str, key: str):
    acme.tenants.add("rival", by="here")
    with refused(Reason.NOT_FOUND) as caught:
        acme.sites.archive(tenant, key, by="here")
    assert str(caught.value).startswith("There is no such site.")


def test_what_was_decided_about_a_site_holds(acme: ControlPlane):
    sites, where = acme.sites, ("acme", "shop.example")
    sites.describe(*where, label="Shop", timezone="Europe/Oslo", by="here")
    sites.decide_origins(*where, ["https://shop.example", "https://shop.example"], by="here")
    exclusions = Exclusions(paths=("/admin/*",), countries=("NO",), hosts=("STAGING.example",), referrers=("spam.example",))
    sites.decide_exclusions(*where, exclusions, by="here")
    site = sites.decide_policy(*where, identity=Identity.PLAIN, kept=["plan"], by="here").thing
    assert (site.label, site.timezone, site.origins) == ("Shop", "Europe/Oslo", ("https://shop.example",))
    assert site.exclusions.hosts == ("staging.example",)
    assert (site.policy.id, site.version) == ("p6", 6)


def test_a_policy_has_a_new_id_whenever_it_is_another(acme: ControlPlane):
    sites, where = acme.sites, ("acme", "shop.example")
    first = sites.decide_policy(*where, identity=Identity.ANONYMOUS, by="here")
    assert sites.decide_policy(*where, identity=Identity.ANONYMOUS, by="here") == first
    second = sites.decide_policy(*where, identity=Identity.PLAIN, by="here")
    assert (first.thing.policy.id, second.thing.policy.id) == ("p3", "p4")


@pytest.mark.parametrize(
    ("field", "decide"),
    [
        ("timezone", lambda sites, where: sites.describe(*where, label="", timezone="Mars/Olympus", by="here")),
        ("label", lambda sites, where: sites.describe(*where, label="\x00", timezone="UTC", by="here")),
        ("name", lambda sites, where: sites.name(*where, "no name", by="here")),
        ("origins", lambda sites, where: sites.decide_origins(*where, ["shop.example"], by="here")),
        ("origins", lambda sites, where: sites.decide_origins(*where, [f"https://a{n}" for n in range(101)], by="here")),
        ("kept", lambda sites, where: sites.decide_policy(*where, identity=Identity.PLAIN, kept=[""], by="here")),
        ("identity", lambda sites, where: sites.decide_policy(*where, identity="all", by="here")),
        ("paths", lambda sites, where: sites.decide_exclusions(*where, Exclusions(paths=("admin",)), by="here")),
        ("countries", lambda sites, where: sites.decide_exclusions(*where, Exclusions(countries=("no",)), by="here")),
        ("hosts", lambda sites, where: sites.decide_exclusions(*where, Exclusions(hosts=("a b",)), by="here")),
        ("referrers", lambda sites, where: sites.decide_exclusions(*where, Exclusions(referrers=("",)), by="here")),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_name(acme: ControlPlane, field: str, decide):
    with refused(Reason.INVALID, field):
        decide(acme.sites, ("acme", "shop.example"))


def test_what_is_too_much_for_one_decision_is_refused(acme: ControlPlane):
    paths = tuple(f"/{number}{'ø' * 490}" for number in range(100))
    acme.sites.decide_exclusions("acme", "shop.example", Exclusions(paths=paths), by="here")
    paths = tuple(f"/{number}{'🙂' * 490}" for number in range(100))
    acme.sites.decide_exclusions("acme", "shop.example", Exclusions(paths=paths), by="here")
    with refused(Reason.INVALID, "paths"):
        acme.sites.decide_exclusions("acme", "shop.example", Exclusions(paths=(*paths, "/more")), by="here")


def test_what_would_cost_every_hit_of_the_site_too_much_is_refused(acme: ControlPlane):
    where = ("acme", "shop.example")
    half = "x" * (MOST_BEHIND_STARS // 2)
    acme.sites.decide_exclusions(*where, Exclusions(paths=(f"/*{half}", f"/*{half}*", f"/{half}*")), by="here")
    with refused(Reason.INVALID, "paths") as told:
        acme.sites.decide_exclusions(*where, Exclusions(paths=(f"/*{half}", f"/*{half}*", "/*y")), by="here")
    assert str(MOST_BEHIND_STARS) in str(told.value)


def test_an_archived_site_is_restored_and_an_erased_one_is_not(acme: ControlPlane):
    sites, where = acme.sites, ("acme", "shop.example")
    assert sites.archive(*where, by="here").thing.state is SiteState.ARCHIVED
    assert sites.restore(*where, by="here").thing.state is SiteState.OPEN
    assert sites.begin_erasure(*where, by="here").thing.state is SiteState.ERASING
    assert sites.begin_erasure(*where, by="here").thing.state is SiteState.ERASING
    with refused(Reason.CONFLICT):
        sites.restore(*where, by="here")


def test_with_the_last_that_is_erased_the_names_are_free_again(acme: ControlPlane):
    sites, where = acme.sites, ("acme", "shop.example")
    with refused(Reason.CONFLICT):
        sites.say_erased(*where, stream="EVENTS_WEB_0", erased=[], is_last=True, by="here")
    sites.begin_erasure(*where, by="here")
    half = sites.say_erased(*where, stream="EVENTS_WEB_0", erased=[(1, 4)], is_last=False, by="here").thing
    assert (half.state, list(half.names)) == (SiteState.ERASING, ["shop.example"])
    done = sites.say_erased(*where, stream="EVENTS_WEB_0", erased=[(7, 7)], is_last=True, by="here").thing
    assert (done.state, done.names) == (SiteState.ERASED, {})
    again = sites.add(*where, by="here").thing
    assert (again.state, again.version, list(again.names)) == (SiteState.OPEN, done.version + 2, ["shop.example"])


@pytest.mark.parametrize("erased", [[(0, 3)], [(4, 3)], [(1, 1)] * 4_001])
def test_runs_that_cannot_be_are_refused(acme: ControlPlane, erased: list[tuple[int, int]]):
    acme.sites.begin_erasure("acme", "shop.example", by="here")
    with refused(Reason.INVALID, "erased"):
        acme.sites.say_erased("acme", "shop.example", stream="EVENTS_WEB_0", erased=erased, is_last=False, by="here")


def test_a_mount_is_bound_to_one_site_of_the_installation(acme: ControlPlane):
    acme.tenants.add("rival", by="here")
    acme.sites.add("rival", "rival.example", by="here")
    bound = acme.mounts.bind("acme", "shop.example", "minigem", by="here")
    assert bound.thing.mounts == ("minigem",)
    assert acme.mounts.bind("acme", "shop.example", "minigem", by="here").thing == bound.thing
    with refused(Reason.CONFLICT) as caught:
        acme.mounts.bind("rival", "rival.example", "minigem", by="here")
    assert "acme" not in str(caught.value)
    assert acme.mounts.unbind("rival", "rival.example", "minigem", by="here").thing.version == 2, "it is not theirs to give up"
    assert acme.mounts.unbind("acme", "shop.example", "minigem", by="here").thing.mounts == ()
    assert acme.mounts.bind("rival", "rival.example", "minigem", by="here").thing.mounts == ("minigem",)
    with refused(Reason.INVALID, "mount"):
        acme.mounts.bind("acme", "shop.example", "elsewhere", by="here")


def test_an_erased_site_gives_its_mounts_up(acme: ControlPlane):
    where = ("acme", "shop.example")
    acme.mounts.bind(*where, "bilan", by="here")
    acme.sites.begin_erasure(*where, by="here")
    with refused(Reason.CONFLICT):
        acme.mounts.bind(*where, "minigem", by="here")
    site = acme.sites.say_erased(*where, stream="EVENTS", erased=[], is_last=True, by="here").thing
    assert (site.mounts, site.state) == ((), SiteState.ERASED)
    assert acme.sites.add("acme", "other.example", by="here").thing.mounts == ()
    assert acme.mounts.bind("acme", "other.example", "bilan", by="here").thing.mounts == ("bilan",)


def test_a_sites_answers_are_open_once_that_is_decided(acme: ControlPlane):
    where = ("acme", "shop.example")
    assert not acme.sites.find(*where).is_public
    assert acme.sites.decide_reads(*where, is_public=True, by="here").thing.is_public
    assert not acme.sites.decide_reads(*where, is_public=False, by="here").thing.is_public
