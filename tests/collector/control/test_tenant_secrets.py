"""Pseudonyms: the same everywhere while their tenant's secret is there, and nobody's once it is destroyed."""

import asyncio

from collector.control.tenant_secrets import TenantSecrets
from collector.privacy.pseudonym import TenantSecret
from contracts.pseudonym import pseudonym
from tests.collector.control.people_world import World

USER = "user-1"


async def test_every_process_makes_the_same_pseudonym(world: World):
    processes = [TenantSecrets(world.vault) for _ in range(4)]
    held = await asyncio.gather(*(secrets.of("shop") for secrets in processes))
    assert len({secret.pseudonym_of(USER, site="shop.example") for secret in held}) == 1
    assert processes[0].held("shop") == held[0]
    assert processes[0].held("other") is None


async def test_destroying_the_secret_forgets_everybody(world: World):
    secrets = TenantSecrets(world.vault)
    before = (await secrets.of("shop")).pseudonym_of(USER, site="shop.example")
    other = (await secrets.of("other")).pseudonym_of(USER, site="shop.example")
    await secrets.destroy("shop")
    assert (await secrets.of("shop")).pseudonym_of(USER, site="shop.example") != before
    assert (await TenantSecrets(world.vault).of("other")).pseudonym_of(USER, site="shop.example") == other


def test_users_sites_and_tenants_cannot_be_joined():
    secret, other = TenantSecret(key=b"a" * 32), TenantSecret(key=b"b" * 32)
    made = {
        secret.pseudonym_of("c", site="a.b"),
        secret.pseudonym_of("b.c", site="a"),
        secret.pseudonym_of("c", site="a.d"),
        other.pseudonym_of("c", site="a.b"),
        secret.pseudonym_of("\ud800", site="a.b"),
    }
    assert len(made) == 5
    assert all(len(each) == 32 for each in made)


def test_a_question_makes_the_pseudonym_that_was_stored():
    # For ever: what is stored under it would not be found again.
    assert pseudonym(b"a" * 32, site="shop.example", user=USER) == "efb0679167b1bf2ee7ccba40b64d4858"
    assert repr(TenantSecret(key=b"a" * 32)) == "TenantSecret()"
