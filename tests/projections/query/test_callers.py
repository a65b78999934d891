"""Whoever asks is who their credential says, sees what is theirs, and is told of nothing else that there is."""

import asyncio
import base64
import re
import secrets
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from contracts.control.keys import KeyKind, Scope
from contracts.control.people import Grant, Role
from contracts.keys import ListedKey, digest_of
from contracts.sessions import COOKIE as SESSION_COOKIE
from contracts.tallies import Ending
from projections.app import addresses
from projections.query.access import COOKIE, TENANT_COOKIE
from projections.query.database import open_engine
from tests.facts import pageview
from tests.projections.control.deciding import (
    archived,
    decided,
    ended,
    issued,
    joined,
    new_key,
    retired,
    revoked,
    site,
    started,
    tenant,
)
from tests.projections.query.world import NOW, World, open_world
from tests.projections.tallies.telling import head, kept, line, part
from tests.projections.world import until

HERE = {"Host": "localhost:8000"}
OWN, FOREIGN = "own.example", "foreign.example"
ABOUT = ("overview", "timeseries", "realtime", "tallies", "breakdown/page", "breakdown/page.csv")


@pytest.fixture
async def house(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """An application in which two tenants have a site with facts each; what was looked up is not kept."""
    monkeypatch.setattr("projections.query.remembered.SECONDS", 0.0)
    await decided(world.database_url, tenant("acme"), tenant("rival"))
    await decided(world.database_url, site(OWN, of_tenant="acme"), site("second.example", of_tenant="acme"))
    await decided(world.database_url, site(FOREIGN, of_tenant="rival"))
    for name, of_tenant in ((OWN, "acme"), ("second.example", "acme"), (FOREIGN, "rival")):
        await world.tell(pageview(at=NOW, tenant=of_tenant, site=name))
    return world


async def shown(world: World, path: str, *, cookies: dict[str, str] | None = None, **headers: str) -> Any:
    """Return the answer to who asks for *path* and shows *headers* (X_API_Key for X-API-Key) and *cookies*."""
    sent = {name.replace("_", "-"): value.encode() for name, value in headers.items()}
    if cookies:
        sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()
    return await world.client.get(path, headers=sent)


async def key_for(world: World, short: str, *scopes: Scope, **more: Any) -> str:
    """Issue a key of acme's, and return it as it is shown once."""
    text = new_key(short)
    await decided(world.database_url, issued(short, text, *scopes, **({"of_tenant": "acme"} | more)))
    return text


async def sites(world: World, **headers: str) -> list[str]:
    answer = await shown(world, "/api/sites", **headers)
    assert answer.status_code == 200, answer.text
    return [one["site"] for one in answer.json()["sites"]]


async def test_a_key_asks_for_its_tenant_in_every_form(house: World):
    text = await key_for(house, "k1")
    basic = base64.b64encode(f"{text}:".encode()).decode()
    assert await sites(house, X_API_Key=text) == [OWN, "second.example"]
    for form in (f"Bearer {text}", text, f"Basic {basic}", f"bearer  {text}"):
        assert await sites(house, Authorization=form) == [OWN, "second.example"]
    for host in ("stats.example.org", "localhost:8000"):
        answer = await shown(house, f"/api/stats/{OWN}/overview", X_API_Key=text, Host=host, Via="a proxy")
        assert answer.json()["pageviews"] == 1


async def test_a_name_at_a_proxy_before_us_is_no_key(database_url: str):
    token = secrets.token_urlsafe(16)
    basic = {"Authorization": "Basic " + base64.b64encode(b"somebody:word").decode()}
    async with open_world(database_url, access_token=token) as world:
        signed_in = await world.client.post("/login", data={"token": token}, headers=basic)
        cookie = signed_in.headers["set-cookie"].partition(";")[0]
        assert (await world.client.get("/api/sites", headers=basic | {"Cookie": cookie})).status_code == 200
        world.client.cookies.clear()
        assert (await world.client.get("/api/sites", headers=basic)).status_code == 401


async def test_of_a_key_that_does_not_work_nothing_is_told(house: World):
    good = await key_for(house, "good")
    gone = issued("gone", gone_text := new_key("gone"), of_tenant="acme")
    late = issued("late", late_text := new_key("late"), of_tenant="acme", expires_at=NOW - timedelta(seconds=1))
    rotated = issued("old", old_text := new_key("old"), of_tenant="acme")
    await decided(house.database_url, gone, revoked(gone), late, rotated, retired(rotated, NOW - timedelta(seconds=1)))
    wrong = [gone_text, late_text, old_text, new_key("good"), new_key("never"), good[:-1], f"{good}x", "ck_", "é" * 40, "word"]
    assert (await shown(house, "/api/sites", X_API_Key=good)).status_code == 200
    answers = [await shown(house, "/api/sites", X_API_Key=text) for text in wrong]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    assert (await shown(house, "/api/sites", X_API_Key=good)).status_code == 200


async def test_in_the_overlap_both_keys_work_and_then_only_the_new_one(house: World):
    rotated = issued("old", old := new_key("old"), of_tenant="acme")
    await decided(house.database_url, rotated, retired(rotated, NOW + timedelta(hours=1)))
    new = await key_for(house, "new", replaces="old")
    assert await sites(house, X_API_Key=old) == await sites(house, X_API_Key=new)
    house.now = NOW + timedelta(hours=1)
    assert [(await shown(house, "/api/sites", X_API_Key=text)).status_code for text in (old, new)] == [401, 200]


async def test_a_key_that_is_revoked_ends_within_a_second(world: World):
    key = issued("k1", text := new_key("k1"))
    await decided(world.database_url, key)
    assert (await shown(world, "/api/sites", X_API_Key=text)).status_code == 200
    await decided(world.database_url, revoked(key))

    async def is_out() -> bool:
        return (await shown(world, "/api/sites", X_API_Key=text)).status_code == 401

    await until(is_out)


async def test_a_key_without_the_scope_is_told_so(house: World):
    for short, scopes in (("a", (Scope.INGEST,)), ("b", (Scope.ADMIN, Scope.IMPORT))):
        answer = await shown(house, "/api/sites", X_API_Key=await key_for(house, short, *scopes))
        assert (answer.status_code, answer.json()["code"]) == (403, "scope")
    public = await key_for(house, "p", Scope.INGEST, kind=KeyKind.PUBLIC)
    assert (await shown(house, f"/api/stats/{OWN}/overview", X_API_Key=public)).status_code == 403


async def test_another_tenants_name_is_refused_and_ones_own_is_not(house: World):
    text = await key_for(house, "k1")
    assert (await shown(house, "/api/sites", X_API_Key=text, X_Tenant_Id="acme")).status_code == 200
    for other in ("rival", "nobody", ""):
        answer = await shown(house, "/api/sites", X_API_Key=text, X_Tenant_Id=other)
        assert (answer.status_code, answer.json()["code"]) == (403, "wrong_tenant")
    assert (await shown(house, "/api/sites", X_Tenant_Id="acme")).status_code == 403, "this machine asks for the settings' own"


async def test_a_foreign_and_an_unknown_site_are_the_same_404_everywhere(house: World):
    text = await key_for(house, "k1")
    one = await key_for(house, "one", site=OWN)
    for path in (*(f"/api/stats/{{}}/{answer}" for answer in ABOUT), "/sites/{}", "/sites/{}/page"):
        answers = [await shown(house, path.format(name), X_API_Key=text) for name in (FOREIGN, "nobodys.example")]
        answers.append(await shown(house, path.format("second.example"), X_API_Key=one))
        assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}, path
        assert (await shown(house, path.format(OWN), X_API_Key=one)).status_code == 200


async def test_no_cell_of_endpoints_times_credentials_tells_what_there_is(house: World):
    gone, late = issued("gone", gone_text := new_key("gone")), issued("late", late_text := new_key("late"), expires_at=NOW)
    await decided(house.database_url, gone, revoked(gone), late)
    own, rivals = await key_for(house, "own"), await key_for(house, "rival", of_tenant="rival")
    sender = await key_for(house, "sender", Scope.INGEST)
    expected = {own: 200, rivals: 404, gone_text: 401, late_text: 401, new_key("never"): 401, "malformed": 401, sender: 403}
    paths = [
        re.sub(r"{\w+}", "any", template.replace("{site}", OWN).replace("{dimension}", "page").replace("{metric}", "visitors"))
        for method, template in addresses(house.app)
        if method == "GET" and template.startswith(("/api/", "/sites/"))
    ]
    assert len(paths) == 52
    for path in paths:
        # Of a site's goals and funnels there is none of that name, and nobody is told more than that.
        there = expected | ({own: 404} if path.endswith(("goals/any", "goals/any/breakdown/page", "funnels/any")) else {})
        statuses = {text: (await shown(house, path, X_API_Key=text)).status_code for text in expected}
        is_of_a_site = OWN in path
        pages = {401: 303} if path.startswith("/sites/") else {}
        assert statuses == {
            text: 200 if status == 404 and not is_of_a_site else pages.get(status, status) for text, status in there.items()
        }, path
        assert (await shown(house, path, Host="stats.example.org")).status_code == 403


async def test_a_key_for_one_site_is_shown_that_site_alone(house: World):
    one = await key_for(house, "one", site="second.example")
    assert await sites(house, X_API_Key=one) == ["second.example"]
    listed = (await shown(house, "/api/stats", X_API_Key=one)).json()
    assert [(each["site"], each["visitors"]) for each in listed["sites"]] == [("second.example", 1)]
    assert OWN not in (await shown(house, "/", X_API_Key=one)).text


async def test_nothing_of_an_archived_tenant_may_do_anything(house: World):
    text = await key_for(house, "k1")
    await decided(house.database_url, *joined("m1", Grant(role=Role.OWNER, tenant="acme")), started("c1", "m1"))
    await decided(house.database_url, archived(tenant("acme")))
    assert (await shown(house, "/api/sites", X_API_Key=text)).status_code == 401
    assert (await shown(house, "/api/sites", cookies={SESSION_COOKIE: "c1"})).status_code == 403


async def test_keys_of_the_environment_work_while_they_are_listed(database_url: str):
    text = secrets.token_urlsafe(12)
    key = ListedKey(id="1", tenant="acme", scopes=frozenset({"read"}), digest=digest_of(text))
    sending = ListedKey(id="2", tenant="acme", scopes=frozenset({"ingest"}), digest=digest_of(text * 2))
    async with open_world(database_url, listed_keys=[key, sending]) as world:
        assert (await shown(world, "/api/sites", Authorization=f"Bearer {text}")).status_code == 200
        assert (await shown(world, "/api/sites", X_API_Key=text * 2)).status_code == 403
    async with open_world(database_url) as world:
        assert (await shown(world, "/api/sites", Authorization=f"Bearer {text}")).status_code == 401


async def test_this_machine_is_answered_until_the_first_member_has_joined(house: World):
    assert (await shown(house, "/api/stats", **HERE)).status_code == 200
    invited, has_joined = joined("m1")
    await decided(house.database_url, invited)
    assert (await shown(house, "/api/stats", **HERE)).status_code == 200
    assert (await house.get("/login")).status_code == 303
    await decided(house.database_url, has_joined)
    assert (await shown(house, "/api/stats", **HERE)).status_code == 401
    page = await house.get("/")
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=/")
    assert 'name="password"' in (await house.get("/login")).text


@pytest.fixture
async def peopled(house: World) -> World:
    """The same, in which somebody has joined and everybody has to sign in."""
    await decided(house.database_url, *joined("boss"))
    return house


async def test_a_session_opens_what_was_granted_and_no_more(peopled: World):
    grants = {
        "all": (Grant(role=Role.VIEWER, tenant="acme"),),
        "one": (Grant(role=Role.EDITOR, tenant="acme", site=OWN),),
        "two": (Grant(role=Role.VIEWER, tenant="rival"), Grant(role=Role.VIEWER, tenant="acme", site="second.example")),
    }
    for member, theirs in grants.items():
        await decided(peopled.database_url, *joined(member, *theirs), started(f"cookie {member}", member))
    seen = {}
    for member in grants:
        answer = await shown(peopled, "/api/sites", cookies={SESSION_COOKIE: f"cookie {member}"})
        seen[member] = [one["site"] for one in answer.json()["sites"]]
    assert seen == {"all": [OWN, "second.example"], "one": [OWN], "two": ["second.example"]}
    other = await shown(peopled, "/api/sites", cookies={SESSION_COOKIE: "cookie two", TENANT_COOKIE: "rival"})
    assert [one["site"] for one in other.json()["sites"]] == [FOREIGN]
    named = await shown(peopled, "/api/sites", cookies={SESSION_COOKIE: "cookie two"}, X_Tenant_Id="rival")
    assert [one["site"] for one in named.json()["sites"]] == [FOREIGN]
    assert (await shown(peopled, "/api/sites", cookies={SESSION_COOKIE: "cookie one"}, X_Tenant_Id="rival")).status_code == 403
    assert (await shown(peopled, f"/sites/{FOREIGN}", cookies={SESSION_COOKIE: "cookie one"})).status_code == 404


async def test_who_runs_the_installation_may_look_at_every_tenant(peopled: World):
    await decided(peopled.database_url, started("c", "boss"))
    for name, expected in (("acme", [OWN, "second.example"]), ("rival", [FOREIGN])):
        answer = await shown(peopled, "/api/sites", cookies={SESSION_COOKIE: "c"}, X_Tenant_Id=name)
        assert [one["site"] for one in answer.json()["sites"]] == expected
    assert "/v1/admin/sessions/end" in (await shown(peopled, "/", cookies={SESSION_COOKIE: "c"})).text


async def test_the_page_after_a_form_waits_for_what_the_form_has_decided(peopled: World):
    cookie = {SESSION_COOKIE: "new"}
    assert (await shown(peopled, "/", cookies=cookie)).status_code == 303
    engine = open_engine(peopled.database_url)
    async with engine.connect() as connection:
        seq = (await connection.execute(text("SELECT seq FROM control_reading"))).scalar_one()
    await engine.dispose()
    asked = asyncio.create_task(shown(peopled, f"/sites/{OWN}?after={seq + 1}&period=7d", cookies=cookie, X_Tenant_Id="acme"))
    await decided(peopled.database_url, started("new", "boss"))
    assert (await asked).status_code == 200
    for nothing in ("", "x", "-1", "9" * 40):
        assert (await shown(peopled, f"/?after={nothing}", cookies=cookie)).status_code == 200


async def test_a_session_that_has_ended_or_expired_or_is_nobodys_opens_nothing(peopled: World):
    over = started("over", "boss")
    await decided(peopled.database_url, over, ended(over), started("late", "boss", until=NOW), started("whose", "nobody"))
    for cookie in ("over", "late", "whose", "never", ""):
        assert (await shown(peopled, "/api/sites", cookies={SESSION_COOKIE: cookie})).status_code == 401


async def test_names_that_nobody_has_are_shown_to_whose_key_named_them_and_else_to_who_runs_the_installation(house: World):
    keyed = line(9, Ending.DROPPED, "unknown_site", site="shpo.example", tenant="acme")
    unkeyed = line(3, Ending.DROPPED, "unknown_site", site="nobodys.example", tenant="")
    await kept(house.database_url, head(), part(keyed, unkeyed))
    acme, rival = await key_for(house, "a"), await key_for(house, "r", of_tenant="rival")
    for path in ("/", "/api/stats", "/api/stats/tallies"):
        seen = {text: (await shown(house, path, X_API_Key=text)).text for text in (acme, rival)}
        assert "shpo.example" in seen[acme]
        assert "shpo.example" not in seen[rival]
        assert all("nobodys.example" not in answer for answer in seen.values())
        mine = (await shown(house, path, **HERE)).text
        assert "nobodys.example" in mine
        assert "shpo.example" not in mine, "which is acme's own"


async def test_no_key_is_in_any_answer(house: World):
    text = await key_for(house, "k1")
    for path in ("/", f"/sites/{OWN}", "/api/sites", "/api/stats/nobodys.example/overview"):
        answer = await shown(house, path, X_API_Key=text)
        assert text.split("_", 2)[2] not in answer.text + str(answer.headers)
    assert COOKIE not in answer.headers.get("set-cookie", "")
