"""The control plane on pages: each role finds the forms that it may send, and a page after a form shows what that has done."""

import asyncio
import secrets
from datetime import timedelta

import pytest
from httpx import Response

from contracts.control.keys import Scope
from contracts.control.people import Grant, Role
from contracts.control.sites import Exclusions, SiteExclusionsDecided
from contracts.sessions import digest_of, join_link, shows_csrf
from contracts.tallies import Ending
from projections.query.access import SESSION_COOKIE, TENANT_COOKIE
from projections.query.database import open_engine
from projections.query.decisions import Decisions
from tests.facts import pageview
from tests.projections.control.deciding import (
    archived,
    decided,
    ended,
    issued,
    joined,
    named,
    new_key,
    of,
    revoked,
    site,
    started,
    tenant,
)
from tests.projections.dashboard.outline import Outline
from tests.projections.query.world import NOW, World, open_world
from tests.projections.tallies.telling import head, kept, line, part

SHOP, BLOG, FOREIGN = "shop.example", "blog.example", "foreign.example"
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
PEOPLE = {
    "everything": (Grant(role=Role.OWNER),),
    "owner": (Grant(role=Role.OWNER, tenant="acme"),),
    "editor": (Grant(role=Role.EDITOR, tenant="acme"),),
    "one": (Grant(role=Role.EDITOR, tenant="acme", site=SHOP), Grant(role=Role.VIEWER, tenant="acme")),
    "landlord": (Grant(role=Role.OWNER, tenant="acme", site=SHOP),),
    "viewer": (Grant(role=Role.VIEWER, tenant="acme"),),
}
PLACES = ("/", "/keys", "/members", "/tenants", "/you", f"/sites/{SHOP}", f"/sites/{SHOP}/settings", f"/sites/{BLOG}/settings")


@pytest.fixture
async def house(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Two tenants with sites, and a member of each role, whose cookie is their name."""
    monkeypatch.setattr("projections.query.remembered.SECONDS", 0.0)
    shop = site(SHOP, of_tenant="acme", label="The shop")
    things = (tenant("acme"), tenant("rival", "Rival & Co"), shop, *named(shop, "shop.test"), site(BLOG, of_tenant="acme"))
    people = [event for name, grants in PEOPLE.items() for event in (*joined(name, *grants), started(cookie_of(name), name))]
    await decided(world.database_url, *things, site(FOREIGN, of_tenant="rival"), *people)
    return world


def cookie_of(name: str) -> str:
    return f"cookie-{name}"


async def shown(world: World, name: str, path: str, **more: str) -> Response:
    """Return what the member called *name* is shown at *path*."""
    cookies = {SESSION_COOKIE: cookie_of(name), TENANT_COOKIE: "acme"} | more
    sent = "; ".join(f"{key}={value}" for key, value in cookies.items())
    return await world.client.get(path, headers={"Cookie": sent})


async def read(world: World, name: str, path: str, **more: str) -> Outline:
    answer = await shown(world, name, path, **more)
    assert answer.status_code == 200, (name, path, answer.text)
    return Outline(answer.text)


def menu(page: Outline) -> set[str]:
    return {"/keys", "/members", "/tenants", "/you"} & set(page.hrefs())


async def test_each_role_finds_its_own_menu_and_no_page_beyond_it(house: World):
    expected = {
        "everything": {"/keys", "/members", "/tenants", "/you"},
        "owner": {"/keys", "/members", "/you"},
        "landlord": {"/keys", "/members", "/you"},
        "editor": {"/you"},
        "one": {"/you"},
        "viewer": {"/you"},
    }
    assert {name: menu(await read(house, name, "/")) for name in PEOPLE} == expected
    for name, places in expected.items():
        for path in ("/keys", "/members", "/tenants", "/you"):
            status = (await shown(house, name, path)).status_code
            assert status == (200 if path in places else 403), (name, path)


async def test_each_role_finds_the_forms_that_it_may_send(house: World):
    at = "/v1/admin/sites"
    for name in ("everything", "owner", "editor"):
        assert (await read(house, name, "/")).actions() == {at}
        assert f"{at}/{BLOG}/describe" in (await read(house, name, f"/sites/{BLOG}/settings")).actions()
    for name in ("one", "landlord"):
        assert (await read(house, name, "/")).actions() == set()
        ends = ["describe", "names", "names/remove", "origins", "policy", "exclusions", "archive"]
        ends += ["erase"] if name == "landlord" else []
        assert (await read(house, name, f"/sites/{SHOP}/settings")).actions() == {f"{at}/{SHOP}/{end}" for end in ends}
    assert (await read(house, "one", f"/sites/{BLOG}/settings")).actions() == set()
    for path in PLACES:
        answer = await shown(house, "viewer", path)
        assert Outline(answer.text).actions() - {"/v1/admin/password"} == set(), path
    assert f"/sites/{SHOP}/settings" not in (await read(house, "viewer", f"/sites/{SHOP}")).hrefs()
    assert f"/sites/{SHOP}/settings" in (await read(house, "one", f"/sites/{SHOP}")).hrefs()


async def test_who_owns_one_site_is_shown_its_keys_and_people_alone(house: World):
    keys = [issued("wide", new_key("wide"), of_tenant="acme"), issued("shop", new_key("shop"), of_tenant="acme", site=SHOP)]
    foreign = issued("theirs", new_key("theirs"), of_tenant="rival")
    await decided(house.database_url, *keys, foreign)
    seen = (await read(house, "landlord", "/keys")).said()
    assert ("ck_shop_" in seen, "ck_wide_" in seen, "ck_theirs_" in seen) == (True, False, False)
    seen = (await read(house, "owner", "/keys")).said()
    assert ("ck_shop_" in seen, "ck_wide_" in seen, "ck_theirs_" in seen) == (True, True, False)
    assert await listed_members(house, "landlord") == {"landlord", "one"}
    assert await listed_members(house, "owner") == set(PEOPLE) - {"everything"}
    assert await listed_members(house, "everything") == set(PEOPLE)


async def listed_members(world: World, name: str) -> set[str]:
    page = await read(world, name, "/members")
    return {attributes["data-member"] for attributes in page.attributes("b") if "data-member" in attributes}


async def test_every_form_that_decides_carries_the_token_of_the_session_and_the_tenant(house: World):
    await decided(house.database_url, issued("k", new_key("k"), of_tenant="acme"))
    for path in PLACES:
        page = await read(house, "everything", path)
        for form in page.forms:
            if not form.action.startswith("/v1/admin/"):
                continue
            assert form.method == "post"
            assert shows_csrf(form.fields["csrf"], cookie_of("everything")), (path, form.action)
            assert form.fields["next"].startswith("/")
            assert form.fields.get("tenant", "acme") in ("acme", "*"), "signing out is nobody's"
        for fields in (field for form in page.forms for field in form.inputs):
            assert fields["name"], "a field without a name is not sent"


async def test_a_foreign_and_an_unknown_site_are_the_same_404(house: World):
    answers = [await shown(house, "owner", f"/sites/{name}/settings") for name in (FOREIGN, "nobodys.example")]
    answers.append(await shown(house, "landlord", f"/sites/{BLOG}/settings"))
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}


async def test_a_page_waits_for_what_its_form_has_decided(world: World):
    await decided(world.database_url, site(BLOG))
    named_so = named(site(SHOP), SHOP)[1]
    answer, _ = await asyncio.gather(world.get("/added", after="3"), decided(world.database_url, site(SHOP), named_so))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sites/{SHOP}")
    assert SHOP in Outline(await world.page("/", after="3")).said()


async def test_a_page_that_cannot_wait_longer_says_so_and_shows_what_there_is(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("projections.query.decisions.PATIENCE_SECONDS", 0.05)
    await decided(world.database_url, site(SHOP))
    for path in ("/", f"/sites/{SHOP}", f"/sites/{SHOP}/settings", "/keys", "/members", "/tenants"):
        assert "Not there yet." in Outline(await world.page(path, after="2")).said(), path
        for now in ("1", "0", "x", "9" * 40):
            page = Outline(await world.page(path, after=now)).said()
            assert "Not there yet." not in page, (path, now)
    assert "The shop" not in page
    assert (await world.get("/added", after="2")).headers["location"] == "/?after=2"


async def test_beside_many_who_wait_nobody_waits(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("projections.query.decisions._MOST_WAITING", 0)
    monkeypatch.setattr("projections.query.decisions.PATIENCE_SECONDS", 3600.0)
    assert "Not there yet." in await world.page("/", after="7")


async def test_whoever_has_just_signed_in_is_known_by_the_page_that_follows(house: World):
    cookie = secrets.token_hex(8)
    engine = open_engine(house.database_url)
    seq = 1
    while await Decisions(engine).wait_for(seq, seconds=0):
        seq += 1
    await engine.dispose()
    asking = house.client.get(f"/?after={seq}", headers={"Cookie": f"{SESSION_COOKIE}={cookie}"})
    answer, _ = await asyncio.gather(asking, decided(house.database_url, started(cookie, "viewer")))
    assert answer.status_code == 200
    assert (await house.client.get(f"/?after={seq}", headers={"Cookie": f"{SESSION_COOKIE}=x"})).status_code == 303


async def test_every_open_site_is_listed_and_archived_ones_are_folded_away(world: World):
    old = site("old.example")
    await decided(world.database_url, site(SHOP, label="The shop"), old, archived(old))
    html = await world.page("/")
    opened, _, folded = html.partition('<details class="closed"')
    assert f'href="/sites/{SHOP}"' in opened
    assert 'href="/sites/old.example"' in folded.partition("</details>")[0]
    assert "Restore the site" in await world.page("/sites/old.example/settings")


async def test_a_name_that_events_were_dropped_for_is_added_with_one_click(world: World):
    await decided(world.database_url, site(SHOP))
    await kept(world.database_url, head(), part(line(14, Ending.DROPPED, "unknown_site", site="blog.exmaple")))
    forms = [form for form in Outline(await world.page("/")).forms if form.fields.get("key") == "blog.exmaple"]
    assert [(form.action, form.fields["next"]) for form in forms] == [("/v1/admin/sites", "/added")]


async def test_a_site_that_only_its_facts_tell_of_can_be_added(world: World):
    await world.tell(pageview(at=NOW, site="seen.example"))
    page = Outline(await world.page("/sites/seen.example/settings"))
    assert page.actions() == {"/v1/admin/sites"}


async def test_keys_say_when_they_were_last_used_and_how_they_end(world: World):
    gone = issued("gone", new_key("gone"))
    shop = issued("shop", text := new_key("shop"), Scope.INGEST, label="Back end", expires_at=NOW + timedelta(days=3))
    await decided(world.database_url, site(SHOP), gone, revoked(gone), shop)
    await kept(world.database_url, head(), part(line(3, Ending.STORED, site=SHOP, key_id="shop")))
    html = await world.page("/keys")
    said = Outline(html).said()
    assert "Back end ck_shop_… secret · ingest · all sites · last used on 18 Nov 2026, around 15:00 UTC" in said
    assert "ends 15:30:00 UTC on 21 Nov 2026" in said
    assert "not used for sending in 90 days · revoked" in said
    assert text.removeprefix("ck_shop_") not in html
    assert "/v1/admin/keys/gone/revoke" not in html


async def test_what_somebody_decided_is_text(world: World):
    shop = site(SHOP, label=HOSTILE)
    paths = SiteExclusionsDecided(**of(shop.originator_id, 2), exclusions=Exclusions(paths=(f"/{HOSTILE}",)))
    await decided(world.database_url, tenant("acme", HOSTILE), shop, paths, issued("k", new_key("k"), label=HOSTILE))
    for path in ("/", f"/sites/{SHOP}/settings", "/keys", "/members", "/tenants", "/join"):
        page = Outline(await world.page(path))
        assert all(attributes["src"].startswith("/assets/") for attributes in page.attributes("script")), path
        assert not [tag for tag, attributes in page.tags if tag in ("img", "style") or "style" in attributes]
        assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
        assert not [href for href in page.hrefs() if not href.startswith(("/", "#"))]


async def test_a_member_chooses_which_tenant_to_look_at(house: World):
    sent = {"Cookie": f"{SESSION_COOKIE}={cookie_of('everything')}", "Origin": "http://localhost:8000"}
    looked = await house.client.post("/tenants/look", headers=sent, data={"tenant": "rival"})
    assert (looked.status_code, looked.headers["location"]) == (303, "/")
    assert f"{TENANT_COOKIE}=rival" in looked.headers["set-cookie"]
    assert f"/sites/{FOREIGN}" in (await read(house, "everything", "/", **{TENANT_COOKIE: "rival"})).hrefs()
    assert f"/sites/{FOREIGN}" not in (await read(house, "owner", "/", **{TENANT_COOKIE: "rival"})).hrefs()
    for tried in ({"tenant": "a b"}, {"tenant": "x;y"}, {}):
        assert (await house.client.post("/tenants/look", headers=sent, data=tried)).status_code == 400
    foreign = {**sent, "Origin": "https://evil.example"}
    assert (await house.client.post("/tenants/look", headers=foreign, data={"tenant": "rival"})).status_code == 403


async def test_one_is_shown_ones_own_open_sessions_alone(house: World):
    over = started("over", "viewer")
    await decided(house.database_url, started("elsewhere", "viewer"), over, ended(over), started("late", "viewer", until=NOW))
    page = await read(house, "viewer", "/you")
    forms = [form.fields for form in page.forms if form.action == "/v1/admin/sessions/end" and "id" in form.fields]
    assert {fields["id"]: fields["next"] for fields in forms} == {
        digest_of(cookie_of("viewer")): "/login",
        digest_of("elsewhere"): "/you",
    }


async def test_the_days_of_a_site_begin_by_its_own_time_zone_unless_another_is_asked_for(world: World):
    await decided(world.database_url, site(SHOP, timezone="Pacific/Auckland"))
    await world.tell(pageview(at=NOW, site=SHOP))
    for path in (f"/sites/{SHOP}", f"/sites/{SHOP}/page"):
        assert "Thu 19 Nov 2026" in (await world.page(path, period="today"))
        page = Outline(await world.page(path, period="today", timezone="UTC"))
        assert "Wed 18 Nov 2026" in page.said()
        periods = [href for href in page.hrefs() if "period=yesterday" in href]
        assert periods
        assert all("timezone=UTC" in href for href in periods)
    csv = [href for href in Outline(await world.page(f"/sites/{SHOP}")).hrefs() if href.startswith("/api/")]
    assert csv
    assert not [href for href in csv if "timezone" in href], "the API begins its days there by itself"


async def test_the_link_of_an_invitation_tells_no_server_what_it_holds(house: World):
    address, _, secret = join_link("http://localhost:8000/", "m.secret").partition("#")
    assert (address, secret) == ("http://localhost:8000/join", "m.secret")
    page = Outline(await house.page("/join"))
    assert [(form.action, form.fields) for form in page.forms] == [("/v1/admin/invitations/take", {"next": "/"})]
    assert {field["name"] for field in page.forms[0].inputs} == {"next", "invitation", "name", "password"}


async def test_who_shows_the_access_token_alone_is_told_how_to_change_things(database_url: str):
    token = secrets.token_hex(16)
    async with open_world(database_url, access_token=token) as world:
        await decided(world.database_url, site(SHOP))
        cookie = (await world.client.post("/login", data={"token": token})).headers["set-cookie"].partition(";")[0]
        page = Outline((await world.client.get("/", headers={"Cookie": cookie})).text)
        assert page.actions() == set()
        assert "sign in with a name" in page.said()
