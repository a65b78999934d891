"""An installation with two tenants and everybody who may ask: keys and members of every kind, some of which work no more."""

import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct

from collector.control.new_key import new_key
from collector.control.people import short_of
from collector.control.wanted import FunnelWanted, GoalWanted, steps
from collector.stream import connection as broker
from collector.upkeep import running_beside
from contracts.control.keys import KeyKind, Scope
from contracts.control.people import Grant, Role
from contracts.control.stream import CONTROL_STREAM
from contracts.jetstream import JetStreamError
from contracts.sessions import COOKIE, CSRF_HEADER, csrf_token, digest_of
from contracts.vault import VAULT_STREAM
from tests.collector.control.people_world import World

TOKEN = "token-" * 4
SITE, SPARE = "shop.example", "spare.example"
ROLES = {
    "owner": Grant(role=Role.OWNER, tenant="acme"),
    "editor": Grant(role=Role.EDITOR, tenant="acme"),
    "viewer": Grant(role=Role.VIEWER, tenant="acme"),
    "editor of a site": Grant(role=Role.EDITOR, tenant="acme", site=SITE),
    "foreign owner": Grant(role=Role.OWNER, tenant="other"),
    "removed": Grant(role=Role.OWNER, tenant="acme"),
    "signed out": Grant(role=Role.OWNER, tenant="acme"),
    "of an archived tenant": Grant(role=Role.OWNER, tenant="gone"),
}


class Installed(Struct):
    """The installation, and what each kind of asker sends along."""

    world: World
    shown: dict[str, dict[str, str]]
    keys: dict[str, str]
    members: dict[str, str]

    async def ask(self, method: str, path: str, *, by: str = "", body: Any = None, **headers: str) -> httpx.Response:
        """Ask as *by*; nobody's cookie is kept."""
        self.world.ask.cookies.clear()
        sent = {**self.shown.get(by, {}), **headers}
        return await self.world.ask.request(method, path, headers=sent, json={} if body is None else body)


@contextlib.asynccontextmanager
async def installed(nats_url: str, folder: Path) -> AsyncIterator[Installed]:
    client = await broker.connect(nats_url, on_loss=lambda: None)
    for stream in (CONTROL_STREAM.name, VAULT_STREAM):
        with contextlib.suppress(JetStreamError):
            await broker.ask(client, f"STREAM.DELETE.{stream}")
    world = await World(nats_url, client, folder / "master.key", COLLECTOR_ACCESS_TOKEN=TOKEN).begin()
    async with running_beside(world.follower.watch()):
        yield await _peopled(world)
    await world.close()
    for stream in (CONTROL_STREAM.name, VAULT_STREAM):
        with contextlib.suppress(JetStreamError):
            await broker.ask(client, f"STREAM.DELETE.{stream}")
    await broker.disconnect(client)


async def _peopled(world: World) -> Installed:
    plane = world.plane
    for tenant, sites in {"acme": (SITE, SPARE), "other": ("other.example",), "gone": ()}.items():
        await plane.run(lambda plane, tenant=tenant: plane.tenants.add(tenant, by="here"))
        for site in sites:
            await plane.run(lambda plane, tenant=tenant, site=site: plane.sites.add(tenant, site, by="here"))
    await plane.run(lambda plane: plane.goals.add("acme", SITE, GoalWanted(name="wanted", event="Signup"), by="here"))
    wanted = FunnelWanted(name="wanted", steps=steps(["/pricing*", "Signup"]))
    await plane.run(lambda plane: plane.funnels.add("acme", SITE, wanted, by="here"))
    there = Installed(world=world, shown={"token": {"Authorization": f"Bearer {TOKEN}"}}, keys={}, members={})
    for name, tenant, scope, fields in (
        ("key", "acme", Scope.ADMIN, {}),
        ("key of a site", "acme", Scope.ADMIN, {"site": SITE}),
        ("foreign key", "other", Scope.ADMIN, {}),
        ("wrong scope", "acme", Scope.READ, {}),
        ("public key", "acme", Scope.INGEST, {"kind": KeyKind.PUBLIC}),
        ("revoked key", "acme", Scope.ADMIN, {}),
        ("expired key", "acme", Scope.ADMIN, {"expires_at": world.clock() + timedelta(minutes=1)}),
        ("key of an archived tenant", "gone", Scope.ADMIN, {}),
        ("spare", "acme", Scope.INGEST, {}),
    ):
        await _issue(there, name, tenant, scope, fields)
    for name, grant in ROLES.items():
        await _join(there, name, grant)
    there.shown["malformed key"] = {"X-API-Key": "ck_x"}
    there.shown["nobody's key"] = {"X-API-Key": new_key().text}
    there.shown["nobody"] = {}
    there.shown["without the form's token"] = {"Cookie": there.shown["owner"]["Cookie"]}
    await plane.run(lambda plane: plane.keys.revoke("acme", there.keys["revoked key"], by="here"))
    await plane.run(lambda plane: plane.members.remove(there.members["removed"], by="here"))
    ended = there.shown["signed out"]["Cookie"].partition("=")[2]
    await plane.run(lambda plane: plane.sessions.end(digest_of(ended), by="here"))
    decided = await plane.run(lambda plane: plane.tenants.archive("gone", by="here"))
    world.clock.pass_by(minutes=2)
    world.desk.deciding.expect(decided.seq)
    await world.desk.deciding.things()
    return there


async def _issue(there: Installed, name: str, tenant: str, scope: Scope, fields: dict[str, Any]) -> None:
    made, told = new_key(), {"kind": KeyKind.SECRET, **fields}
    await there.world.plane.run(
        lambda plane: plane.keys.issue(tenant, made.id, digest=made.digest, scopes=[scope], by="here", **told)
    )
    there.keys[name] = made.id
    there.shown[name] = {"X-API-Key": made.text}


async def _join(there: Installed, name: str, grant: Grant) -> None:
    """Make a member who is signed in, without the vault, which nobody asks about authority."""
    plane, secret, until = there.world.plane, name.replace(" ", "-").replace("'", ""), there.world.clock() + timedelta(days=1)
    digest = digest_of(secret)
    invited = await plane.run(lambda plane: plane.members.invite(digest=digest, grants=[grant], expires_at=until, by="here"))
    short = short_of(invited.thing)
    await plane.run(lambda plane: plane.members.join(short, digest=digest))
    await plane.run(lambda plane: plane.sessions.start(digest, member=short, expires_at=until, by="here"))
    there.members[name] = short
    there.shown[name] = {"Cookie": f"{COOKIE}={secret}", CSRF_HEADER: csrf_token(secret)}
