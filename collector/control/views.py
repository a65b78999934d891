"""Views: what the administration shows of a thing, over HTTP and on the command line; never a digest or a secret."""

from datetime import datetime

from msgspec import Struct

from contracts.control.keys import Key, KeyKind, Scope
from contracts.control.people import Grant, Member, MemberState
from contracts.control.sites import Exclusions, Identity, NameUse, Site, SiteState
from contracts.control.tenants import Tenant


class TenantView(Struct, frozen=True, kw_only=True):
    """A tenant; whoever decides about it may name ``version``, to be told when somebody else was first."""

    name: str
    label: str
    is_archived: bool
    version: int


class PolicyView(Struct, frozen=True, kw_only=True):
    """How a site treats people; ``id`` stands on the facts that were made under it, empty before anybody decides."""

    id: str
    identity: Identity
    kept: tuple[str, ...]


class ExclusionsView(Struct, frozen=True, kw_only=True):
    """What of a site is not collected."""

    paths: tuple[str, ...]
    countries: tuple[str, ...]
    hosts: tuple[str, ...]
    referrers: tuple[str, ...]


class SiteView(Struct, frozen=True, kw_only=True):
    """A site; ``key`` names it for ever, ``names`` are what it goes by, ``mounts`` the systems that it is bound to."""

    key: str
    tenant: str
    label: str
    timezone: str
    names: dict[str, NameUse]
    origins: tuple[str, ...]
    policy: PolicyView
    exclusions: ExclusionsView
    mounts: tuple[str, ...]
    is_public: bool
    state: SiteState
    version: int


class KeyView(Struct, frozen=True, kw_only=True):
    """A key, but for the key itself, which nobody has."""

    id: str
    tenant: str
    kind: KeyKind
    scopes: tuple[Scope, ...]
    site: str | None
    label: str
    issued_at: datetime
    ends_at: datetime | None
    replaces: str | None
    is_revoked: bool
    works: bool
    version: int


class MemberView(Struct, frozen=True, kw_only=True):
    """A member; ``name`` is empty for who has not joined yet, and where the vault does not open."""

    id: str
    name: str
    state: MemberState
    grants: tuple[Grant, ...]
    invited_until: datetime
    since: datetime
    version: int


def tenant_view(tenant: Tenant) -> TenantView:
    """Return what is shown of *tenant*."""
    return TenantView(name=tenant.name, label=tenant.label, is_archived=tenant.is_archived, version=tenant.version)


def site_view(site: Site) -> SiteView:
    """Return what is shown of *site*."""
    return SiteView(
        key=site.key,
        tenant=site.tenant,
        label=site.label,
        timezone=site.timezone,
        names=site.names,
        origins=site.origins,
        policy=PolicyView(id=site.policy.id, identity=site.policy.identity, kept=site.policy.kept),
        exclusions=_exclusions_view(site.exclusions),
        mounts=site.mounts,
        is_public=site.is_public,
        state=site.state,
        version=site.version,
    )


def key_view(key: Key, now: datetime) -> KeyView:
    """Return what is shown of *key*."""
    return KeyView(
        id=_short(key.id),
        tenant=key.tenant,
        kind=key.kind,
        scopes=key.scopes,
        site=key.site,
        label=key.label,
        issued_at=key.issued_at,
        ends_at=key.ends_at,
        replaces=key.replaces,
        is_revoked=key.is_revoked,
        works=key.works_at(now),
        version=key.version,
    )


def member_view(member: Member, grants: tuple[Grant, ...], name: str = "") -> MemberView:
    """Return what is shown of *member*, called *name*, to somebody who may know of *grants*."""
    return MemberView(
        id=_short(member.id),
        name=name,
        state=member.state,
        grants=grants,
        invited_until=member.invited_until,
        since=member.since,
        version=member.version,
    )


def _exclusions_view(exclusions: Exclusions) -> ExclusionsView:
    return ExclusionsView(
        paths=exclusions.paths,
        countries=exclusions.countries,
        hosts=exclusions.hosts,
        referrers=exclusions.referrers,
    )


def _short(thing_id: str) -> str:
    return thing_id.partition(":")[2]
