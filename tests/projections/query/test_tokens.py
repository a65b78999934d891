"""A token asks like the key that it was given for, and ends with it; while nobody can check one, that is said."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from httpx import Response
from msgspec import structs

from collector.control.tokens import Tokens, sign
from collector.control.vault import Vault
from collector.local.master_key import settle_master_key
from collector.stream import connection as broker
from contracts.control.keys import Scope
from contracts.tokens import AUDIENCE, ISSUER, LIFE, TokenClaims
from contracts.vault import SigningKey
from projections.vault import VaultReader
from tests.facts import pageview
from tests.projections.control.deciding import archived, decided, issued, new_key, revoked, site, tenant
from tests.projections.query.world import NOW, World, open_world
from tests.projections.world import until

OWN, SECOND, FOREIGN = "own.example", "second.example", "foreign.example"
BEGUN = int(NOW.timestamp())


class Door:
    """An application that reads a vault, and the key that signs there."""

    def __init__(self, world: World, key_file: Path, signing: SigningKey) -> None:
        self.world, self.key_file, self.signing = world, key_file, signing

    async def issue(self, short: str, *scopes: Scope, **more: Any) -> Any:
        event = issued(short, new_key(short), *scopes, **({"of_tenant": "acme"} | more))
        await decided(self.world.database_url, event)
        return event

    def token(self, short: str, **said: Any) -> str:
        return sign(self.claims(short, **said), self.signing)

    def claims(self, short: str, **said: Any) -> TokenClaims:
        plain = {"tenant": "acme", "scopes": (Scope.READ,), "iat": BEGUN, "exp": BEGUN + 60}
        return TokenClaims(iss=ISSUER, aud=AUDIENCE, sub=short, **(plain | said))

    async def ask(self, token: str, path: str = "/api/sites", **headers: str) -> Response:
        return await self.world.client.get(path, headers={"Authorization": f"Bearer {token}"} | headers)

    async def sites(self, token: str) -> list[str]:
        answer = await self.ask(token)
        assert answer.status_code == 200, answer.text
        return [one["site"] for one in answer.json()["sites"]]


async def nobody(_: str) -> None:
    return None


@asynccontextmanager
async def opened(database_url: str, nats_url: str, key_file: Path, **settings: Any) -> AsyncIterator[Door]:
    client = await broker.connect(nats_url, on_loss=lambda: None)
    vault = Vault(client, key_file)
    await vault.empty()
    await settle_master_key(client, key_file, replicas=1)
    signing = await Tokens(vault=vault, find_key=nobody, clock=lambda: NOW).signing_key()
    try:
        async with open_world(database_url, vault=VaultReader(nats_url, key_file), **settings) as world:
            await decided(database_url, tenant("acme"), tenant("rival"))
            await decided(database_url, site(OWN, of_tenant="acme"), site(SECOND, of_tenant="acme"))
            await decided(database_url, site(FOREIGN, of_tenant="rival"))
            await world.tell(pageview(at=NOW, tenant="acme", site=OWN))
            yield Door(world, key_file, signing)
    finally:
        await vault.empty()
        await broker.disconnect(client)


@pytest.fixture
async def door(database_url: str, nats_url: str, tmp_path: Path) -> AsyncIterator[Door]:
    async with opened(database_url, nats_url, tmp_path / "master.key") as door:
        yield door


async def test_a_token_asks_for_its_keys_tenant_and_site(door: Door):
    await door.issue("all")
    await door.issue("one", site=OWN)
    assert await door.sites(door.token("all")) == [OWN, SECOND]
    one = door.token("one", site=OWN)
    assert await door.sites(one) == [OWN]
    assert (await door.ask(one, f"/api/stats/{OWN}/overview")).json()["pageviews"] == 1
    answers = [await door.ask(one, f"/api/stats/{name}/overview") for name in (SECOND, FOREIGN, "nobodys.example")]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
    assert (await door.ask(one, **{"X-Tenant-Id": "rival"})).status_code == 403


async def test_a_token_may_not_do_more_than_it_says_nor_more_than_its_key(door: Door):
    await door.issue("reader")
    await door.issue("sender", Scope.INGEST)
    for token in (door.token("reader", scopes=(Scope.INGEST,)), door.token("sender")):
        answer = await door.ask(token)
        assert (answer.status_code, answer.json()["code"]) == (403, "scope")


async def test_a_token_ends_with_its_key(door: Door):
    key = await door.issue("k1")
    await door.issue("late", expires_at=NOW)
    token = door.token("k1")
    assert (await door.ask(token)).status_code == 200
    assert (await door.ask(door.token("late"))).status_code == 401
    await decided(door.world.database_url, revoked(key))

    async def is_out() -> bool:
        return (await door.ask(token)).status_code == 401

    await until(is_out)
    await door.issue("k2", of_tenant="rival")
    await decided(door.world.database_url, archived(tenant("rival")))
    assert (await door.ask(door.token("k2", tenant="rival"))).status_code == 401


def wrong_tokens(door: Door) -> dict[str, str]:
    good, key = door.claims("k1"), door.signing
    head, payload, _ = sign(good, key).split(".")
    said = {name: getattr(good, name) for name in good.__struct_fields__ if name not in ("exp", "site")}
    whole, kid = said | {"exp": BEGUN + 60}, {"kid": key.kid}
    return {
        "another tenant's": door.token("k1", tenant="rival"),
        "another site's": door.token("k1", site=OWN),
        "nobody's": door.token("nobody"),
        "expired": door.token("k1", iat=BEGUN - 60, exp=BEGUN),
        "a future iat": door.token("k1", iat=BEGUN + 30),
        "a long life": door.token("k1", exp=BEGUN + int(LIFE.total_seconds()) + 1),
        "no exp": jwt.encode(said, key.secret, algorithm="HS256", headers=kid),
        "a foreign kid": sign(good, structs.replace(key, kid="0" * 16)),
        "alg none": jwt.encode(whole, "", algorithm="none", headers=kid),
        "another alg": jwt.encode(whole, key.secret * 2, algorithm="HS512", headers=kid),
        "another's signature": sign(good, structs.replace(key, secret=bytes(32))),
        "no signature": f"{head}.{payload}.",
    }


async def test_whatever_is_wrong_with_a_token_is_the_same_401(door: Door):
    await door.issue("k1")
    assert (await door.ask(door.token("k1"))).status_code == 200
    answers = {what: await door.ask(token) for what, token in wrong_tokens(door).items()}
    assert {what: answer.status_code for what, answer in answers.items()} == dict.fromkeys(answers, 401)
    assert len({answer.text for answer in answers.values()}) == 1


async def test_while_the_vault_is_closed_or_there_is_none_tokens_are_503_and_all_else_goes_on(door: Door):
    await door.issue("k1")
    text = new_key("k2")
    await decided(door.world.database_url, issued("k2", text, of_tenant="acme"))
    kept = door.key_file.read_bytes()
    door.key_file.unlink()
    closed = await door.ask(door.token("k1"))
    assert (closed.status_code, closed.json()["code"]) == (503, "no_master_key")
    assert "There is no master key" in closed.json()["detail"]
    assert closed.headers["retry-after"]
    assert (await door.ask(text)).status_code == 200
    door.key_file.write_bytes(kept)
    assert (await door.ask(door.token("k1"))).status_code == 200
    for vault in (None, VaultReader("nats://127.0.0.1:1", door.key_file)):
        async with open_world(door.world.database_url, vault=vault) as other:
            without = Door(other, door.key_file, door.signing)
            answer = await without.ask(door.token("k1"))
            assert (answer.status_code, answer.json()["code"]) == (503, "tokens_unread")
            assert (await without.ask(text)).status_code == 200
            assert (await without.ask(door.token("k1")[1:])).status_code == 401, "that is no token, whoever looks at it"


async def test_forty_wrong_credentials_are_slowed_and_who_has_shown_a_right_one_is_not(door: Door):
    await door.issue("k1")
    right = door.token("k1")
    assert (await door.ask(right)).status_code == 200
    answers = [await door.ask(secrets.token_hex(20)) for _ in range(40)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 30
    assert (answers[-1].headers["retry-after"], answers[-1].json()["code"]) == ("1", "slowed")
    assert (await door.ask(right)).status_code == 200
    other = door.token("k1", exp=BEGUN + 90)
    assert (await door.ask(other)).status_code == 429, "else the answer would tell the right one from the wrong ones"
    door.world.now += timedelta(seconds=1)
    assert (await door.ask(other)).status_code == 200


async def test_a_program_that_goes_on_with_what_was_revoked_or_has_ended_slows_nobody(door: Door):
    await door.issue("k1")
    wrong, guess = [door.token("k1", iat=BEGUN - 60, exp=BEGUN - second) for second in range(20)], new_key("k1")
    assert {(await door.ask(token)).status_code for token in (*wrong, *[guess] * 20)} == {401}
    assert (await door.ask(door.token("k1"))).status_code == 200
