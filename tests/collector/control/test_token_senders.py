"""A token sends like the key that it was given for, and ends with it; while nobody can check one, that is said."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio
from msgspec import Struct, structs

from collector.control.token_keys import AGAIN_SECONDS
from collector.control.tokens import Tokens, sign
from collector.control.vault import Vault
from collector.local.master_key import settle_master_key
from contracts.control import keys, tenants
from contracts.keys import id_in
from contracts.tokens import AUDIENCE, ISSUER, LIFE, TokenClaims
from contracts.vault import SigningKey
from tests.collector.control.telling import AT, Pen, controlled, told, until
from tests.collector.ingest import Running, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

ENDPOINTS = ("/api/event", "/api/pageview", "/api/events/batch", "/pixel.gif")


def now() -> datetime:
    return datetime.now(UTC)


class Door(Struct):
    """An ingest half whose vault hands out tokens."""

    nats_url: str
    collector: Running
    pen: Pen
    vault: Vault
    key_file: Path
    signing: SigningKey
    short: str

    async def token_of(self, *scopes: str, **fields: Any) -> str:
        """Issue a key of acme's, and return a token of it."""
        return self.signed(await self.issued(*scopes, **fields), scopes)

    async def issued(self, *scopes: str, of_tenant: str = "acme", **fields: Any) -> str:
        text, events = self.pen.key(of_tenant, *scopes, **fields)
        await self.pen.write(events)
        await told(self.collector, self.pen)
        return text

    def signed(self, key: str, scopes: tuple[str, ...] = ("ingest",), **said: Any) -> str:
        return sign(self.claims(id_in(key) or "", scopes, **said), self.signing)

    def claims(self, short: str, scopes: tuple[str, ...] = ("ingest",), **said: Any) -> TokenClaims:
        begun = int(now().timestamp())
        plain = {"sub": short, "tenant": "acme", "scopes": tuple(map(keys.Scope, scopes)), "iat": begun, "exp": begun + 60}
        return TokenClaims(iss=ISSUER, aud=AUDIENCE, **(plain | said))

    async def send(self, endpoint: str, token: str, site: str = "shop.example") -> httpx.Response:
        return await send(self.collector, endpoint, token, site)


async def send(collector: Running, endpoint: str, token: str, site: str = "shop.example") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    if endpoint == "/pixel.gif":
        return await collector.http.get(f"{endpoint}?site={site}&path=/", headers=headers)
    item = {"domain": site, "pathname": "/"}
    body = {"events": [item]} if endpoint.endswith("batch") else item
    return await collector.http.post(endpoint, json=body, headers=headers)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def door(nats_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    key_file = tmp_path_factory.mktemp("keys") / "master.key"
    settings = {"COLLECTOR_MODE": "production", "COLLECTOR_MASTER_KEY_FILE": str(key_file)}
    async with controlled(nats_url, settings) as (collector, pen):
        vault = Vault(collector.client, key_file)
        await vault.empty()
        await settle_master_key(collector.client, key_file, replicas=1)
        signing = await Tokens(vault=vault, find_key=nobody, clock=now).signing_key()
        await pen.write([event for name in ("acme", "other", "gone") for event in pen.tenant(name)])
        await pen.write([*pen.site("acme", "shop.example"), *pen.site("acme", "blog.example")])
        text, issued = pen.key("acme", "ingest", "read")
        await pen.write([*issued, *pen.site("other", "other.example")])
        await told(collector, pen)
        await until(lambda: signing.kid in collector.ingest.care.tokens._keys, "the keys of tokens are read")
        yield Door(nats_url, collector, pen, vault, key_file, signing, id_in(text) or "")
        await vault.empty()


async def nobody(_: str) -> None:
    return None


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_a_token_sends_like_its_key(door: Door, endpoint: str):
    token = sign(door.claims(door.short), door.signing)
    before = await door.collector.count()
    assert (await door.send(endpoint, token)).status_code in (200, 204)
    assert await door.collector.count() == before + 1
    fact, _ = await door.collector.stored()
    assert (fact.tenant, fact.site) == ("acme", "shop.example")


async def test_a_token_may_not_do_more_than_it_says_nor_more_than_its_key(door: Door):
    more = await door.issued("read")
    for token in (sign(door.claims(door.short, ("read",)), door.signing), door.signed(more, ("ingest",))):
        assert (await door.send("/api/event", token)).status_code == 403


async def test_a_token_of_a_key_for_one_site_sends_for_that_site_alone(door: Door):
    token = door.signed(await door.issued("ingest", site="shop.example"), site="shop.example")
    assert (await door.send("/api/event", token)).status_code == 204
    assert (await door.send("/api/event", token, site="blog.example")).status_code == 403
    assert (await door.send("/api/event", token, site="other.example")).status_code == 403


async def test_a_token_ends_with_its_key(door: Door):
    text = await door.issued("ingest")
    token = door.signed(text)
    assert (await door.send("/api/event", token)).status_code == 204
    await door.pen.write(door.pen.revoke(text))
    await told(door.collector, door.pen)
    refused = [await door.send("/api/event", token)]
    refused.append(await door.send("/api/event", door.signed(await door.issued("ingest", expires_at=AT))))
    orphan = await door.issued("ingest", of_tenant="gone")
    await door.pen.write([door.pen.event(tenants.TenantArchived, tenants.tenant_id("gone"))])
    await told(door.collector, door.pen)
    refused.append(await door.send("/api/event", door.signed(orphan, tenant="gone")))
    assert {answer.status_code for answer in refused} == {401}
    assert len({answer.content for answer in refused}) == 1


async def test_whatever_is_wrong_with_a_token_is_the_same_401(door: Door):
    begun, good = int(now().timestamp()), door.claims(door.short)
    whole = sign(good, door.signing)
    head, payload, seal = whole.split(".")
    foreign = structs.replace(door.signing, kid="0" * 16)
    longer = structs.replace(door.signing, secret=door.signing.secret * 2)
    said = {name: getattr(good, name) for name in good.__struct_fields__ if name not in ("exp", "site")}
    wrong = {
        "another tenant's": sign(structs.replace(good, tenant="other"), door.signing),
        "another site's": sign(structs.replace(good, site="blog.example"), door.signing),
        "another key's": sign(structs.replace(good, sub="nobodys"), door.signing),
        "expired": sign(structs.replace(good, iat=begun - 60, exp=begun - 1), door.signing),
        "a future iat": sign(structs.replace(good, iat=begun + 60, exp=begun + 120), door.signing),
        "a long life": sign(structs.replace(good, exp=begun + int(LIFE.total_seconds()) + 60), door.signing),
        "a foreign kid": sign(good, foreign),
        "no exp": jwt.encode(said, door.signing.secret, algorithm="HS256", headers={"kid": door.signing.kid}),
        "alg none": jwt.encode(said | {"exp": begun + 60}, "", algorithm="none", headers={"kid": door.signing.kid}),
        "another alg": jwt.encode(said, longer.secret, algorithm="HS512", headers={"kid": door.signing.kid}),
        "another's signature": sign(good, structs.replace(door.signing, secret=bytes(32))),
        "no signature": f"{head}.{payload}.",
        "a cut signature": whole[:-4],
    }
    answers = {what: await door.send("/api/event", token) for what, token in wrong.items()}
    assert {what: answer.status_code for what, answer in answers.items()} == dict.fromkeys(wrong, 401)
    assert len({answer.content for answer in answers.values()}) == 1
    assert (await door.send("/api/event", f"{head}.{payload}.{seal}")).status_code == 204


async def test_a_token_of_a_key_that_was_made_since_is_taken(door: Door):
    """Another process hands it out, a day later."""
    later = Tokens(vault=door.vault, find_key=nobody, clock=lambda: now() + timedelta(days=2))
    door.signing = await later.signing_key()
    await until(lambda: door.signing.kid in door.collector.ingest.care.tokens._keys, "they were read again")
    assert (await door.send("/api/event", sign(door.claims(door.short), door.signing))).status_code == 204


async def test_while_the_vault_is_closed_a_token_is_neither_taken_nor_refused(door: Door, tmp_path: Path):
    token = sign(door.claims(door.short), door.signing)
    there = tmp_path / "master.key"
    async with running(door.nats_url, {"COLLECTOR_MASTER_KEY_FILE": str(there)}) as other:
        answer = await send(other, "/api/event", token)
        assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "tokens_unread", "1")
        assert "with the key itself" in answer.json()["detail"]
        assert (await send(other, "/api/event", f"x{token}")).status_code == 401, "that is no token, whatever the keys are"
        there.write_bytes(door.key_file.read_bytes())
        await until(lambda: other.ingest.care.tokens._are_all, "they were read without a restart")
        assert (await send(other, "/api/event", token)).status_code == 204


async def test_a_key_that_many_make_up_is_looked_for_once_a_second(door: Door):
    token_keys, loop = door.collector.ingest.care.tokens, asyncio.get_running_loop()
    began, looks = loop.time(), set()
    for number in range(50):
        made_up = SigningKey(kid=f"{number:016x}", secret=bytes(32), made_at=AT)
        assert (await door.send("/api/event", sign(door.claims(door.short), made_up))).status_code == 401
        looks.add(token_keys._looked_at)
    assert len(looks) <= 2 + (loop.time() - began) / AGAIN_SECONDS
    assert token_keys._are_all
