"""Tokens: all that is wrong with one is refused alike; signing keys are rotated; a revoked key's tokens end with it."""

import base64
import json
from datetime import timedelta

import jwt
import msgspec
import pytest
from msgspec.structs import replace

from collector.control.denied import Denied, DeniedReason
from collector.control.tokens import ROTATED_AFTER, Tokens
from contracts.control.keys import Key, KeyKind, Scope
from contracts.tokens import AUDIENCE, ISSUER, LIFE, SKEW
from contracts.vault import SigningKey
from tests.collector.control.people_world import NOW, World

KEY = Key(
    id="key:abc",
    version=1,
    tenant="shop",
    kind=KeyKind.SECRET,
    scopes=(Scope.READ, Scope.INGEST),
    digest="0" * 64,
    site="shop.example",
    issued_at=NOW,
)


class Bench:
    """Tokens of one key, which a test may revoke."""

    def __init__(self, world: World) -> None:
        self.world, self.key = world, KEY
        self.tokens = self.another()

    def another(self) -> Tokens:
        """Another process."""
        return Tokens(vault=self.world.vault, find_key=self.find, clock=self.world.clock)

    async def find(self, short: str) -> Key | None:
        return self.key if short == "abc" else None

    async def is_refused(self, token: str) -> bool:
        with pytest.raises(Denied) as denied:
            await self.tokens.check(token)
        return denied.value.reason is DeniedReason.TOKEN


@pytest.fixture
def bench(world: World) -> Bench:
    return Bench(world)


async def test_a_token_says_what_its_key_may_do(bench: Bench):
    token = await bench.tokens.exchange(KEY)
    claims = await bench.another().check(token.text)
    assert (claims.sub, claims.tenant, claims.scopes, claims.site) == ("abc", "shop", KEY.scopes, "shop.example")
    assert token.expires_at == NOW + LIFE
    assert token.text not in repr(token)


async def test_a_token_ends_and_never_outlives_its_key(bench: Bench):
    token = await bench.tokens.exchange(KEY)
    bench.world.clock.now += LIFE - timedelta(seconds=1)
    await bench.tokens.check(token.text)
    bench.world.clock.pass_by(seconds=1)
    assert await bench.is_refused(token.text)
    soon = bench.world.clock() + timedelta(minutes=1)
    assert (await bench.tokens.exchange(replace(KEY, ends_at=soon))).expires_at == soon


async def test_a_revoked_keys_tokens_end_with_it(bench: Bench):
    token = await bench.tokens.exchange(KEY)
    for changed in (replace(KEY, is_revoked=True), replace(KEY, ends_at=NOW), replace(KEY, tenant="other"), None):
        bench.key = changed
        assert await bench.is_refused(token.text)
    with pytest.raises(Denied):
        await bench.tokens.exchange(replace(KEY, is_revoked=True))


NOW_SECONDS = int(NOW.timestamp())
GOOD = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "abc",
    "iat": NOW_SECONDS,
    "exp": NOW_SECONDS + 60,
    "tenant": "shop",
    "scopes": ["read"],
}
LATE = NOW_SECONDS + int(SKEW.total_seconds()) + 1
WRONG_CLAIMS = {
    "no exp": {"exp": None},
    "no iat": {"iat": None},
    "no aud": {"aud": None},
    "no iss": {"iss": None},
    "no sub": {"sub": None},
    "no tenant": {"tenant": None},
    "an exp that is a text": {"exp": str(NOW_SECONDS + 60)},
    "an exp that is no whole number": {"exp": NOW_SECONDS + 60.5},
    "an endless exp": {"exp": 10**30},
    "a long life": {"exp": NOW_SECONDS + int(LIFE.total_seconds()) + 1},
    "expired": {"iat": NOW_SECONDS - 60, "exp": NOW_SECONDS},
    "a future iat": {"iat": LATE},
    "an iat that is a text": {"iat": str(NOW_SECONDS)},
    "another aud": {"aud": "somebody else"},
    "a list as aud": {"aud": [AUDIENCE]},
    "another iss": {"iss": "somebody else"},
    "another sub": {"sub": "abd"},
    "another tenant": {"tenant": "other"},
    "an unknown scope": {"scopes": ["everything"]},
    "scopes that are a text": {"scopes": "read"},
}


def signed(claims: dict, key: SigningKey, *, algorithm: str = "HS256", **head: str) -> str:
    said = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(said, key.secret if algorithm != "none" else "", algorithm=algorithm, headers={"kid": key.kid} | head)


async def test_a_token_with_everything_right_is_taken(bench: Bench):
    await bench.tokens.check(signed(GOOD, await bench.tokens.signing_key()))


async def test_a_token_that_says_anything_wrong_is_refused(bench: Bench):
    key = await bench.tokens.signing_key()
    for wrong, claims in WRONG_CLAIMS.items():
        assert await bench.is_refused(signed(GOOD | claims, key)), wrong


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


async def test_a_token_whose_head_is_not_ours_is_refused(bench: Bench):
    key = await bench.tokens.signing_key()
    foreign = SigningKey(kid="0" * 16, secret=key.secret, made_at=NOW)
    strange = SigningKey(kid="../../etc", secret=key.secret, made_at=NOW)
    token = signed(GOOD, key)
    head, payload, seal = token.split(".")
    refused = [
        signed(GOOD, key, algorithm="none"),
        *(f"{encoded({'alg': alg, 'kid': key.kid, 'typ': 'JWT'})}.{payload}." for alg in ("none", "None", "NONE", "nOnE")),
        f"{encoded({'alg': 'none', 'kid': key.kid, 'typ': 'JWT'})}.{payload}.{seal}",
        *(signed(GOOD, replace(key, secret=key.secret * 2), algorithm=other) for other in ("HS384", "HS512")),
        *(signed(GOOD, key, **{name: "https://example.org/keys"}) for name in ("jku", "x5u", "jwk", "crit")),
        signed(GOOD, foreign),
        signed(GOOD, strange),
        f"{encoded({'alg': 'HS256', 'typ': 'JWT'})}.{payload}.{seal}",
    ]
    for each in refused:
        assert await bench.is_refused(each)
    await bench.tokens.check(f"{head}.{payload}.{seal}")


async def test_a_token_that_was_tampered_with_is_refused(bench: Bench):
    key = await bench.tokens.signing_key()
    head, payload, seal = signed(GOOD, key).split(".")
    other = encoded(GOOD | {"scopes": ["admin"]})
    refused = [
        f"{head}.{other}.{seal}",
        f"{head}.{payload}.{seal[:-4]}AAAA",
        f"{head}.{payload}.",
        f"{head}.{payload}",
        head,
        "",
        ".",
        "..",
        "é" * 10,
        "\ud800",
        "a" * 100_000,
        f"{head}.{payload}.{seal}" + "A" * 5_000,
        signed(GOOD, replace(key, secret=bytes(32))),
    ]
    for each in refused:
        assert await bench.is_refused(each)


async def test_signing_keys_are_rotated_and_a_token_of_the_one_before_still_holds(bench: Bench):
    first = await bench.tokens.signing_key()
    bench.world.clock.now += ROTATED_AFTER - timedelta(minutes=1)
    token = await bench.tokens.exchange(KEY)
    assert (await bench.another().signing_key()).kid == first.kid
    bench.world.clock.pass_by(minutes=2)
    second = await bench.tokens.signing_key()
    assert second.kid != first.kid
    await bench.another().check(token.text)
    bench.world.clock.now += ROTATED_AFTER + LIFE
    await bench.tokens.signing_key()
    assert first.kid not in await bench.tokens.keys_for("")


async def test_processes_that_need_the_first_key_at_once_agree_on_one(bench: Bench):
    one, other = bench.another(), bench.another()
    assert (await one.signing_key()).kid == (await other.signing_key()).kid


async def test_a_token_of_an_unknown_key_asks_the_vault_once_a_second(bench: Bench):
    foreign = "0" * 16
    await bench.tokens.keys_for(foreign)
    bench.world.key_file.unlink()
    await bench.tokens.keys_for(foreign)
    bench.world.clock.pass_by(seconds=1)
    with pytest.raises(Exception, match="There is no master key"):
        await bench.tokens.keys_for(foreign)


def test_a_signing_key_and_its_list_show_nothing():
    key = SigningKey(kid="0" * 16, secret=b"x" * 32, made_at=NOW)
    assert repr(key) == "SigningKey()"
    assert msgspec.json.decode(msgspec.json.encode(key), type=SigningKey) == key
