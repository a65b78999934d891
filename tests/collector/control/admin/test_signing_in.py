"""Signing in at the front door: the cookie, the forms of pages, other people's pages, and what is not told."""

import re

from nats.aio.client import Client

from collector.control.people import OWNER
from contracts.sessions import COOKIE
from tests.collector.control.world import NAME, ORIGIN, PASSWORD, World


async def test_signing_in_gives_a_cookie_that_signing_out_ends(world: World):
    short = await world.join()
    begun = await world.sign_in()
    assert (begun.status_code, begun.json()["member"]) == (201, short)
    said = begun.headers["set-cookie"]
    assert re.fullmatch(rf"{COOKIE}=[0-9a-f]{{64}}; HttpOnly; Max-Age=\d+; Path=/; SameSite=strict", said)
    assert begun.headers["cache-control"] == "no-store"
    listed = (await world.ask.get("/v1/admin/sessions")).json()
    assert (listed["member"], listed["name"], len(listed["sessions"])) == (short, NAME, 1)
    cookie = world.ask.cookies[COOKIE]
    ended = await world.ask.request("DELETE", "/v1/admin/sessions", headers={"X-CSRF-Token": listed["csrf"]})
    assert ended.status_code == 200
    assert ended.json()["seq"] > begun.json()["seq"]
    assert "Max-Age=0" in ended.headers["set-cookie"]
    again = await world.ask.get("/v1/admin/sessions", headers={"Cookie": f"{COOKIE}={cookie}"})
    assert (again.status_code, again.json()["code"]) == (401, "not_signed_in")


async def test_behind_https_the_cookie_goes_over_nothing_else(nats_url: str, client: Client, tmp_path):
    world = await World(nats_url, client, tmp_path / "key", COLLECTOR_PUBLIC_URL="https://stats.example.org").begin()
    await world.join()
    assert "Secure" in (await world.sign_in()).headers["set-cookie"]
    await world.close()


async def test_a_form_leads_on_and_says_what_to_wait_for(world: World):
    await world.join()
    form = {"name": NAME, "password": PASSWORD, "next": "/sites/shop.example?period=7d"}
    answer = await world.ask.post("/v1/admin/sessions", data=form, headers=ORIGIN)
    assert answer.status_code == 303
    assert re.fullmatch(r"/sites/shop\.example\?period=7d&after=\d+", answer.headers["location"])
    assert COOKIE in answer.headers["set-cookie"]
    csrf = (await world.ask.get("/v1/admin/sessions")).json()["csrf"]
    ended = await world.ask.post("/v1/admin/sessions/end", data={"csrf": csrf, "next": "/login"}, headers=ORIGIN)
    assert ended.status_code == 303
    assert ended.headers["location"].startswith("/login?after=")
    assert (await world.ask.get("/v1/admin/sessions")).status_code == 401


async def test_a_form_leads_nowhere_else(world: World):
    await world.join()
    for onward in ("//evil.example", "/\\evil.example", "https://evil.example", "evil", "/a\r\nb", "/é"):
        form = {"name": NAME, "password": PASSWORD, "next": onward}
        answer = await world.ask.post("/v1/admin/sessions", data=form, headers=ORIGIN)
        assert answer.headers["location"].startswith("/?after=")


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


async def test_nobody_elses_page_signs_anybody_in_or_out(world: World):
    await world.join()
    csrf = (await world.sign_in()).json()["csrf"]
    body = {"name": NAME, "password": PASSWORD}
    for headers in FOREIGN:
        refused = await world.ask.post("/v1/admin/sessions", json=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "cross_site")
        shown = headers | {"X-CSRF-Token": csrf}
        refused = await world.ask.post("/v1/admin/sessions/end", json={}, headers=shown)
        assert (refused.status_code, refused.json()["code"]) == (403, "cross_site")
    assert (await world.ask.get("/v1/admin/sessions")).status_code == 200


async def test_a_cookie_alone_changes_nothing(world: World):
    await world.join()
    await world.sign_in()
    for token in ("", "wrong", "0" * 64):
        for asked in (
            world.ask.post("/v1/admin/sessions/end", json={}, headers=ORIGIN | {"X-CSRF-Token": token}),
            world.ask.post("/v1/admin/sessions/end", data={"csrf": token}, headers=ORIGIN),
            world.ask.request("DELETE", "/v1/admin/sessions", headers={"X-CSRF-Token": token}),
        ):
            assert (await asked).json()["code"] == "csrf"
    assert (await world.ask.get("/v1/admin/sessions")).status_code == 200


async def test_another_password_ends_every_other_session(world: World):
    await world.join()
    await world.sign_in()
    elsewhere = world.ask.cookies[COOKIE]
    world.ask.cookies.clear()
    csrf = (await world.sign_in()).json()["csrf"]
    body = {"old": PASSWORD, "new": PASSWORD[::-1]}
    assert (await world.ask.post("/v1/admin/password", json=body, headers=ORIGIN | {"X-CSRF-Token": csrf})).status_code == 200
    assert (await world.ask.get("/v1/admin/sessions")).status_code == 200
    there = await world.ask.get("/v1/admin/sessions", headers={"Cookie": f"{COOKIE}={elsewhere}"})
    assert there.status_code == 401


async def test_an_invitation_is_looked_at_and_taken_up(world: World):
    invitation = await world.people.invite(OWNER, by="here")
    shown = {"invitation": invitation.secret}
    worth = await world.ask.post("/v1/admin/invitations/look", json=shown)
    assert worth.json()["grants"] == [{"role": "owner"}]
    body = shown | {"name": NAME, "password": PASSWORD}
    taken = await world.ask.post("/v1/admin/invitations/take", json=body, headers=ORIGIN)
    assert (taken.status_code, taken.json()["member"]) == (201, invitation.member)
    assert (await world.ask.get("/v1/admin/sessions")).status_code == 200
    for used in ("look", "take"):
        assert (await world.ask.post(f"/v1/admin/invitations/{used}", json=body)).json()["code"] == "no_invitation"


UNREADABLE = [
    ("sessions", b"{", 400),
    ("sessions", b'{"name": 5, "password": "x"}', 400),
    ("sessions", b"{}", 400),
    ("sessions", b"[" * 5000, 400),
    ("sessions", b'{"name": "' + b"x" * 70_000 + b'", "password": ""}', 413),
    ("invitations/take", b"{}", 400),
    ("nothing", b"{}", 404),
    ("password", b'{"old": "", "new": ""}', 401),
]


async def test_what_cannot_be_read_is_said_and_not_quoted(world: World):
    kind = {"Content-Type": "application/json"} | ORIGIN
    for path, body, status in UNREADABLE:
        answer = await world.ask.post(f"/v1/admin/{path}", content=body, headers=kind)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert answer.json()["title"]
        assert "xxx" not in answer.text


async def test_a_form_that_is_none_is_refused(world: World):
    kind = {"Content-Type": "application/x-www-form-urlencoded"} | ORIGIN
    for body, status in [(b"a=" + b"x" * 70_000, 413), (b"&".join([b"a=b"] * 300), 400), (b"\xff=1", 400)]:
        assert (await world.ask.post("/v1/admin/sessions", content=body, headers=kind)).status_code == status


async def test_a_key_is_exchanged_for_a_token_and_what_is_none_is_refused_alike(world: World):
    tokens = await exchange(world, "")
    assert tokens.status_code == 401
    refused = {(await exchange(world, shown)).text for shown in ("", "ck_abc_", "x", "ck_0_" + "A" * 43, "é")}
    assert len(refused) == 1


async def exchange(world: World, shown: str):
    return await world.ask.post("/v1/token", headers={"X-API-Key": shown.encode()})


async def test_the_description_names_every_address(world: World):
    document = (await world.ask.get("/v1/admin/schema/openapi.json")).json()
    assert {"/v1/admin/sessions", "/v1/admin/invitations/take", "/v1/token"} <= set(document["paths"])


async def test_a_name_that_nobody_has_is_answered_as_one_that_somebody_has(world: World):
    await world.join()
    answers = [await world.sign_in(name=name, password=PASSWORD + "?") for name in (NAME, "Nobody")]
    assert len({answer.text for answer in answers}) == 1
