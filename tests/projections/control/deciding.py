"""Decisions for the tests: each event by a short word, a stream with a pen, and tables that know what was decided."""

import itertools
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import nats
from nats.aio.client import Client

from contracts.control import CONTROL_CODEC
from contracts.control.envelope import ControlEvent
from contracts.control.goals import (
    Condition,
    FunnelDefined,
    FunnelStep,
    FunnelWithdrawn,
    GoalDefined,
    GoalWithdrawn,
    funnel_id,
    goal_id,
)
from contracts.control.keys import KeyIssued, KeyKind, KeyRetired, KeyRevoked, Scope, key_id
from contracts.control.people import (
    Grant,
    MemberInvited,
    MemberJoined,
    Role,
    SessionEnded,
    SessionStarted,
    member_id,
    session_id,
)
from contracts.control.sites import NameClaimed, NameUse, SiteAdded, SiteArchived, SiteErased, SiteNamed, name_id, site_id
from contracts.control.stream import CONTROL_STREAM, control_settings, subject_of
from contracts.control.tenants import TenantAdded, TenantArchived, tenant_id
from contracts.keys import digest_of, key_text
from projections.control.tables import begin_reading, hold_reading, keep
from projections.database import open_engine
from projections.stream.item import Sequenced

NOW = datetime(2026, 11, 18, 15, 30, tzinfo=UTC)


def new_key(short: str) -> str:
    """Return a key as people copy it, made now."""
    return key_text(short, secrets.token_urlsafe(32))


def of(thing: str, version: int = 1, at: datetime = NOW) -> dict[str, Any]:
    return {"originator_id": thing, "originator_version": version, "at": at, "by": "here"}


def tenant(name: str, label: str = "") -> TenantAdded:
    return TenantAdded(**of(tenant_id(name)), label=label)


def archived(event: ControlEvent, version: int = 2) -> TenantArchived | SiteArchived:
    kind = TenantArchived if isinstance(event, TenantAdded) else SiteArchived
    return kind(**of(event.originator_id, version))


def site(key: str, *, of_tenant: str = "main", **more: Any) -> SiteAdded:
    return SiteAdded(**of(site_id(of_tenant, key)), tenant=of_tenant, key=key, **more)


def erased(event: SiteAdded, version: int = 2) -> SiteErased:
    return SiteErased(**of(event.originator_id, version), stream="EVENTS_WEB_0", erased=())


def named(event: SiteAdded, name: str, use: NameUse = NameUse.ALIAS, version: int = 2) -> tuple[ControlEvent, ...]:
    return (
        SiteNamed(**of(event.originator_id, version), name=name, use=use),
        NameClaimed(**of(name_id(name)), tenant=event.tenant, key=event.key),
    )


def issued(short: str, text: str, *scopes: Scope, of_tenant: str = "main", **more: Any) -> KeyIssued:
    plain = {"kind": KeyKind.SECRET, "scopes": scopes or (Scope.READ,), "digest": digest_of(text)}
    return KeyIssued(**of(key_id(short)), tenant=of_tenant, **(plain | more))


def revoked(event: KeyIssued, version: int = 2) -> KeyRevoked:
    return KeyRevoked(**of(event.originator_id, version))


def retired(event: KeyIssued, until: datetime, version: int = 2) -> KeyRetired:
    return KeyRetired(**of(event.originator_id, version), until=until)


def joined(short: str, *grants: Grant) -> tuple[ControlEvent, ...]:
    invited = MemberInvited(
        **of(member_id(short)),
        digest=digest_of(short),
        grants=grants or (Grant(role=Role.OWNER),),
        expires_at=NOW + timedelta(days=1),
    )
    return invited, MemberJoined(**of(member_id(short), 2))


def started(cookie: str, member: str, *, until: datetime = NOW + timedelta(days=1)) -> SessionStarted:
    return SessionStarted(**of(session_id(digest_of(cookie))), member=member, expires_at=until)


def ended(event: SessionStarted) -> SessionEnded:
    return SessionEnded(**of(event.originator_id, 2))


def goal(
    short: str, condition: Condition, *, of_site: str = "example.org", of_tenant: str = "main", version: int = 1, **more: Any
) -> GoalDefined:
    said = {"tenant": of_tenant, "site": of_site, "goal": short, "name": short, "condition": condition}
    return GoalDefined(**of(goal_id(of_tenant, of_site, short), version), **(said | more))


def funnel(
    short: str,
    *conditions: Condition,
    of_site: str = "example.org",
    of_tenant: str = "main",
    version: int = 1,
    **more: Any,
) -> FunnelDefined:
    steps = tuple(FunnelStep(condition=condition) for condition in conditions)
    said = {"tenant": of_tenant, "site": of_site, "funnel": short, "name": short, "steps": steps, "window_seconds": 86_400}
    return FunnelDefined(**of(funnel_id(of_tenant, of_site, short), version), **(said | more))


def withdrawn(event: GoalDefined | FunnelDefined, version: int = 2) -> GoalWithdrawn | FunnelWithdrawn:
    kind = GoalWithdrawn if isinstance(event, GoalDefined) else FunnelWithdrawn
    return kind(**of(event.originator_id, version))


class Decisions:
    """The stream, and whoever decides something."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def make(self) -> None:
        await self._ask("CREATE", control_settings(replicas=1))

    async def take_away(self) -> None:
        await self._ask("DELETE", {})

    async def decide(self, *events: ControlEvent) -> int:
        """Store *events* and return the sequence of the last."""
        seq = 0
        for event in events:
            seq = await self.write(
                subject_of(event.originator_id, event.originator_version), CONTROL_CODEC.encode(event), secrets.token_hex(8)
            )
        return seq

    async def write(self, subject: str, body: bytes, id_: str) -> int:
        ack = await self.client.jetstream().publish(subject, body, headers={"Nats-Msg-Id": id_}, timeout=5)
        return int(ack.seq)

    async def _ask(self, method: str, body: dict[str, Any]) -> None:
        answer = await self.client.request(
            f"$JS.API.STREAM.{method}.{CONTROL_STREAM.name}", msgspec.json.encode(body) if body else b"", timeout=5
        )
        assert b'"error"' not in answer.data, answer.data


@asynccontextmanager
async def decisions_on(nats_url: str) -> AsyncIterator[Decisions]:
    """Make the stream, and lend a pen to it."""
    client = await nats.connect(nats_url)
    made = Decisions(client)
    await made.make()
    yield made
    await client.close()


async def decided(database_url: str, *events: ControlEvent) -> None:
    """Let the tables know of *events*, as if they had just been read."""
    engine = open_engine(database_url)
    async with engine.begin() as connection:
        if (reading := await hold_reading(connection)) is None:
            await begin_reading(connection, NOW)
        numbers = itertools.count((reading.seq if reading else 0) + 1)
        await keep(connection, [Sequenced(seq=next(numbers), message_id="", event=event) for event in events])
    await engine.dispose()
