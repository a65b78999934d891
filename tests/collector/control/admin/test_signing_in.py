"""Signing in at the front door: the cookie, the forms of pages, other people's pages, and what is not told."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from nats.aio.client import Client

from collector.control.denied import Denied
from collector.control.new_key import new_key
from collector.control.people import OWNER
from collector.control.plane import ControlPlane
from contracts.control.keys import KeyKind, Scope
from contracts.sessions import COOKIE, digest_of
from tests.collector.control.people_world import NAME, ORIGIN, PASSWORD, World


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


async def test_behind_https_the_cookie_goes_over_nothing_else(stream_free_nats: str, client: Client, tmp_path: Path):
    async with World(stream_free_nats, client, tmp_path / "key", COLLECTOR_PUBLIC_URL="https://stats.example.org") as world:
        await (await world.begin()).join()
        assert "Secure" in (await world.sign_in()).headers["set-cookie"]


async def test_forty_wrong_sign_ins_in_a_second_are_slowed_and_the_right_one_works_later(
    stream_free_nats: str, client: Client, tmp_path: Path
):
    seconds = 0.0
    async with World(stream_free_nats, client, tmp_path / "key", monotonic=lambda: seconds) as world:
        await (await world.begin()).join()
        wrong = await asyncio.gather(*(world.sign_in(password=f"{number} wrong words here") for number in range(40)))
        slowed = [answer for answer in wrong if answer.status_code == 429]
        assert {answer.status_code for answer in wrong} == {401, 429}
        assert len(slowed) > 30
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in slowed)
        right = await world.sign_in()
        assert right.status_code == 429, "whoever guesses learns nothing meanwhile"
        seconds += int(right.headers["retry-after"])
        assert (await world.sign_in()).status_code == 201


async def test_what_is_no_guess_makes_nobody_wait(stream_free_nats: str, client: Client, tmp_path: Path):
    async with World(stream_free_nats, client, tmp_path / "key", monotonic=lambda: 0.0) as world:
        invitation = await (await world.begin()).people.invite(OWNER, by="here")
        key = tmp_path.joinpath("key").read_bytes()
        taking = {"invitation": invitation.secret, "name": NAME}
        for _ in range(15):
            short = await world.ask.post("/v1/admin/invitations/take", json=taking | {"password": "short"}, headers=ORIGIN)
            assert (short.status_code, short.json()["code"]) == (400, "bad_password")
        made = new_key()
        issue = {"digest": made.digest, "kind": KeyKind.SECRET, "scopes": [Scope.READ], "by": "here"}
        await world.plane.run(lambda plane: plane.tenants.add("acme", by="here"))
        await world.plane.run(lambda plane: plane.keys.issue("acme", made.id, **issue))
        (tmp_path / "key").unlink()
        for _ in range(15):
            closed = await world.ask.post("/v1/token", headers={"X-API-Key": made.text})
            assert (closed.status_code, closed.json()["code"]) == (503, "no_master_key")
        (tmp_path / "key").write_bytes(key)
        assert (await world.ask.post("/v1/token", headers={"X-API-Key": made.text})).status_code == 200
        wrong = [await world.ask.post("/v1/token", headers={"X-API-Key": "of nobody"}) for _ in range(15)]
        assert {answer.status_code for answer in wrong} == {401, 429}


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


async def test_a_key_is_exchanged_for_a_token_that_ends_with_it(world: World):
    text = await issue(world, "abc")
    for header in ({"X-API-Key": text}, {"Authorization": f"Bearer {text}"}, {"Authorization": text}):
        answer = await world.ask.post("/v1/token", headers=header)
        assert (answer.status_code, answer.json()["token_type"], answer.json()["expires_in"]) == (200, "Bearer", 900)
        claims = await world.desk.tokens.check(answer.json()["access_token"])
        assert (claims.tenant, claims.scopes, claims.sub) == ("acme", (Scope.INGEST, Scope.READ), "abc")
    other = await issue(world, "other")
    await ends(world, text, lambda plane: plane.keys.revoke("acme", "abc", by="here"))
    await ends(world, other, lambda plane: plane.tenants.archive("acme", by="here"))


async def ends(world: World, text: str, end: Callable[[ControlPlane], object]) -> None:
    """See *end* end the key and the token that it was exchanged for."""
    token = (await exchange(world, text)).json()["access_token"]
    await world.plane.run(end)
    assert (await exchange(world, text)).status_code == 401
    with pytest.raises(Denied):
        await world.desk.tokens.check(token)


async def test_what_is_no_key_is_refused_alike(world: World):
    text = await issue(world, "abc")
    wrong = ("", "ck_abc_", "x", f"ck_0_{'A' * 43}", f"{text[:-1]}!", text[:-3] + "AAA", text.swapcase(), "é")
    refused = [await exchange(world, shown) for shown in wrong]
    assert {answer.status_code for answer in refused} == {401}
    assert len({answer.text for answer in refused}) == 1


async def issue(world: World, short: str) -> str:
    """Make a key that may send and read, and return it as people copy it."""
    text = f"ck_{short}_{short[0] * 43}"

    def decide(plane: ControlPlane) -> None:
        plane.tenants.add("acme", label="Acme", by="here")
        kind, scopes = KeyKind.SECRET, (Scope.INGEST, Scope.READ)
        plane.keys.issue("acme", short, digest=digest_of(text), kind=kind, scopes=scopes, by="here")

    await world.plane.run(decide)
    return text


async def exchange(world: World, shown: str):
    return await world.ask.post("/v1/token", headers={"X-API-Key": shown.encode()})


async def test_the_description_names_every_address(world: World):
    document = (await world.ask.get("/v1/admin/schema/openapi.json")).json()
    assert {"/v1/admin/sessions", "/v1/admin/invitations/take", "/v1/token"} <= set(document["paths"])


async def test_a_name_that_nobody_has_is_answered_as_one_that_somebody_has(world: World):
    await world.join()
    answers = [await world.sign_in(name=name, password=PASSWORD + "?") for name in (NAME, "Nobody")]
    assert len({answer.text for answer in answers}) == 1
