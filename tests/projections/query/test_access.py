"""Without a token only this machine is answered; with one, only those who have it."""

from datetime import timedelta

import pytest

from projections.dashboard.pages.signing_in import own_path
from projections.migrations import migrate
from projections.projections import PROJECTIONS
from projections.query.access import COOKIE
from tests.conftest import run_sql
from tests.projections.query.world import NOWHERE, World, open_world

TOKEN = "correct-horse-battery-staple"
ORIGIN = {"Origin": "http://localhost:8000"}


LOCKED = {"access_token": TOKEN, "public_url": "https://stats.example.org"}


@pytest.fixture
async def locked(database_url: str):
    """An application that asks for a token."""
    async with open_world(database_url, **LOCKED) as made:
        yield made


@pytest.fixture
async def gate():
    """The same without a database: nobody gets as far as that."""
    async with open_world(NOWHERE, **LOCKED) as made:
        yield made


async def sign_in(world: World, token: str = TOKEN, **fields: str):
    return await world.client.post("/login", data={"token": token, **fields}, headers=ORIGIN)


def cookie_in(response) -> str:
    return response.headers["set-cookie"].partition(";")[0].partition("=")[2]


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "LOCALHOST", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:8000"]
)
async def test_without_a_token_this_machine_is_answered(world: World, host: str):
    response = await world.client.get("/api/stats", headers={"Host": host})
    assert response.status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.168.1.2",
        "0.0.0.0",
        "",
        "[::2]",
        "localhost@evil",
    ],
)
@pytest.mark.parametrize("path", ["/", "/sites/example.org", "/api/stats", "/schema/openapi.json", "/login"])
async def test_without_a_token_any_other_name_is_refused(doorstep: World, host: str, path: str):
    response = await doorstep.client.get(path, headers={"Host": host})
    assert response.status_code == 403
    assert "COLLECTOR_ACCESS_TOKEN" in response.text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Forwarded-Host", "X-Real-IP", "Via"])
async def test_without_a_token_a_reverse_proxy_is_refused(doorstep: World, header: str):
    response = await doorstep.client.get("/api/stats", headers={header: "x"})
    assert (response.status_code, response.json()["code"]) == (403, "loopback_only")


async def test_the_api_takes_the_token_as_a_bearer(locked: World):
    good = await locked.client.get("/api/stats", headers={"Authorization": f"Bearer {TOKEN}"})
    assert good.status_code == 200
    for shown in ("", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer é"):
        response = await locked.client.get("/api/stats", headers={"Authorization": shown.encode()})
        assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
        assert response.headers["www-authenticate"].startswith("Bearer")


async def test_a_page_leads_to_the_form_and_back(locked: World):
    response = await locked.get("/sites/example.org", period="30d")
    assert (response.status_code, response.headers["location"]) == (303, "/login?next=/sites/example.org%3Fperiod%3D30d")
    answer = await sign_in(locked, next="/sites/example.org?period=30d")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sites/example.org?period=30d")


async def test_the_cookie_opens_pages_and_answers_and_does_not_hold_the_token(locked: World):
    response = await sign_in(locked)
    setting = response.headers["set-cookie"]
    assert TOKEN not in setting
    assert all(word in setting for word in ("HttpOnly", "SameSite=strict", "Secure", "Path=/"))
    signed_in = {"Cookie": f"{COOKIE}={cookie_in(response)}"}
    for path in ("/", "/sites/example.org", "/api/stats"):
        assert (await locked.client.get(path, headers=signed_in)).status_code == 200


async def test_a_cookie_expires_and_cannot_be_forged(locked: World):
    value = cookie_in(await sign_in(locked))
    named, _, seal = value.partition(".")
    locked.now += timedelta(days=31)
    for forged in (value, f"{named}.", ".", "", f".{seal}", f"{named}x.{seal}", f"{'9' * 99}.{seal}", "é.é"):
        response = await locked.client.get("/api/stats", headers={"Cookie": f"{COOKIE}={forged}".encode()})
        assert response.status_code == 401


async def test_a_cookie_of_another_token_opens_nothing(locked: World, database_url: str):
    async with open_world(database_url, access_token="another") as other:
        value = cookie_in(await sign_in(other, "another"))
    assert (await locked.client.get("/api/stats", headers={"Cookie": f"{COOKIE}={value}"})).status_code == 401


@pytest.mark.parametrize("token", ["", "canary-0x51", TOKEN + "x", "é", "\x00"])
async def test_a_wrong_token_gets_no_cookie_and_is_not_repeated(gate: World, token: str):
    response = await sign_in(gate, token)
    assert response.status_code == 401
    assert "set-cookie" not in response.headers
    assert "canary" not in response.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:8000"},
    ],
)
async def test_a_form_from_another_site_is_refused(gate: World, headers: dict[str, str]):
    for path in ("/login", "/logout"):
        response = await gate.client.post(path, data={"token": TOKEN}, headers=headers)
        assert response.status_code == 403
        assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    "onward", ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "", "/\r\nSet-Cookie:x", "x"]
)
async def test_signing_in_never_leads_to_another_site(onward: str):
    assert own_path(onward) == "/"


async def test_signing_in_leads_to_the_front_page_when_the_form_names_no_path_of_ours(locked: World):
    assert (await sign_in(locked, next="//evil.example")).headers["location"] == "/"


async def test_signing_out_takes_the_cookie_back(gate: World):
    response = await gate.client.post("/logout", headers=ORIGIN)
    assert (response.status_code, response.headers["location"]) == (303, "/login")
    assert "Max-Age=0" in response.headers["set-cookie"]


async def test_a_cookie_that_was_given_back_opens_nothing_on_any_replica(locked: World, database_url: str):
    held = {"Cookie": f"{COOKIE}={cookie_in(await sign_in(locked))}"}
    other = {"Cookie": f"{COOKIE}={cookie_in(await sign_in(locked))}"}
    assert (await locked.client.get("/api/stats", headers=held)).status_code == 200
    await locked.client.post("/logout", headers=ORIGIN | held)
    for path in ("/api/stats", "/api/sites", "/sites/example.org/page"):
        assert (await locked.client.get(path, headers=held)).status_code in (401, 303)
    async with open_world(database_url, **LOCKED) as replica:
        assert (await replica.client.get("/api/stats", headers=held)).status_code == 401
        assert (await replica.client.get("/api/stats", headers=other)).status_code == 200, "another browser stays signed in"


async def test_a_cookie_is_worth_nothing_where_the_database_was_made_anew(locked: World, database_url: str):
    held = {"Cookie": f"{COOKIE}={cookie_in(await sign_in(locked))}"}
    generations = ", ".join(f"{projection.name}_g1" for projection in PROJECTIONS)
    await run_sql(database_url, f"DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA {generations} CASCADE")
    await migrate(database_url)
    assert (await locked.client.get("/api/stats", headers=held)).status_code == 401


async def test_while_there_is_no_database_nobody_signs_in_and_it_is_said(gate: World):
    response = await sign_in(gate)
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"token", b"&" * 999, b"a=1&" * 99])
async def test_a_malformed_form_is_a_wrong_token(gate: World, body: bytes):
    response = await gate.client.post("/login", content=body, headers=ORIGIN)
    assert response.status_code == 401


async def test_a_huge_form_is_refused(gate: World):
    response = await gate.client.post("/login", content=b"token=" + b"x" * 100_000, headers=ORIGIN)
    assert response.status_code == 413


async def test_what_the_form_needs_is_open(gate: World):
    page = (await gate.get("/login")).text
    style = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert (await gate.get(style)).status_code == 200


async def test_only_allowed_hosts_are_answered_where_some_are_named(database_url: str):
    async with open_world(database_url, access_token=TOKEN, allowed_hosts=["stats.example.org"]) as narrow:
        shown = {"Authorization": f"Bearer {TOKEN}"}
        statuses = {
            host: (await narrow.client.get("/api/stats", headers={"Host": host, **shown})).status_code
            for host in ("stats.example.org", "Stats.Example.org:443", "localhost", "evil.example")
        }
    assert statuses == {"stats.example.org": 200, "Stats.Example.org:443": 200, "localhost": 200, "evil.example": 403}


async def test_no_host_borrows_the_beginning_of_an_allowed_one(database_url: str):
    async with open_world(database_url, access_token=TOKEN, allowed_hosts=["stats.example.org", "[fe80::1]"]) as narrow:
        shown = {"Authorization": f"Bearer {TOKEN}"}
        borrowed = [
            "[fe80::1].evil",
            "[fe80::1]evil",
            "[fe80::1]:80:80",
            "stats.example.org:80:evil",
            "stats.example.org:x@evil",
        ]
        hosts = ["[fe80::1]:8000", *borrowed]
        statuses = [(await narrow.client.get("/api/stats", headers={"Host": host, **shown})).status_code for host in hosts]
    assert statuses == [200] + [403] * len(borrowed)


@pytest.mark.parametrize("origin", ["http://[::1", "http://[::1].evil", "localhost:8000", "//", ""])
async def test_an_origin_that_is_none_is_another_site(gate: World, origin: str):
    assert (await gate.client.post("/logout", headers={"Origin": origin})).status_code == 403
