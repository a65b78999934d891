"""Sites: what is collected for, under which names, how, and what is left out; and whose each name is."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, structs

from contracts.control.envelope import ControlEvent, Label, SiteName, TenantName
from contracts.control.mounts import MountName
from contracts.events.envelope import PolicyId

KIND = "site"
NAME_KIND = "name"

ZoneName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+/-]{1,64}$")]
# A scheme and a host, as a browser's Origin says it.
Origin = Annotated[str, Meta(pattern=r"^https?://[a-z0-9._:\[\]-]{1,300}$")]
PropertyName = Annotated[str, Meta(pattern="^[^\\x00-\\x1f\\x7f]{1,120}$")]
# A path in which ``*`` stands for anything, such as ``/admin/*``.
PathPattern = Annotated[str, Meta(pattern="^/[^\\x00-\\x1f\\x7f]{0,500}$")]
CountryCode = Annotated[str, Meta(pattern="^[A-Z]{2}$")]


class NameUse(StrEnum):
    """What a name is to a site: where its pages are, or what else it may be called by those who send."""

    DOMAIN = "domain"
    ALIAS = "alias"


class Identity(StrEnum):
    """Whom the facts of a site may name: nobody, a pseudonym of the tenant's, or the user id as it was sent."""

    ANONYMOUS = "anonymous"
    PSEUDONYMOUS = "pseudonymous"
    PLAIN = "plain"


class Policy(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a site treats people; ``kept`` names the properties that no redactor touches.

    ``id`` stands on every fact that was made under it, and is empty for the policy that a site has before anybody decides.
    """

    id: PolicyId = ""
    identity: Identity = Identity.PSEUDONYMOUS
    kept: tuple[PropertyName, ...] = ()


class Exclusions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of a site is not collected, from now on: pages, countries, the hosts that pages are on, and referring hosts."""

    paths: tuple[PathPattern, ...] = ()
    countries: tuple[CountryCode, ...] = ()
    hosts: tuple[SiteName, ...] = ()
    referrers: tuple[SiteName, ...] = ()


class SiteAdded(ControlEvent, frozen=True, tag="site_added.v1"):
    """There is a site of ``tenant``; ``key`` names it in facts, subjects and hashes, and never changes."""

    tenant: TenantName
    key: SiteName
    label: Label = ""
    timezone: ZoneName = "UTC"


class SiteDescribed(ControlEvent, frozen=True, tag="site_described.v1"):
    """The site is called so on pages, and its days begin by this time zone unless somebody asks for another."""

    label: Label
    timezone: ZoneName


class SiteNamed(ControlEvent, frozen=True, tag="site_named.v1"):
    """The site goes by ``name``, too; the name is claimed in the same commit."""

    name: SiteName
    use: NameUse = NameUse.DOMAIN


class SiteUnnamed(ControlEvent, frozen=True, tag="site_unnamed.v1"):
    """The site does not go by ``name`` any more."""

    name: SiteName


class SiteOriginsDecided(ControlEvent, frozen=True, tag="site_origins_decided.v1"):
    """Only pages of these origins may send for the site; none means any."""

    origins: tuple[Origin, ...]


class SitePolicyDecided(ControlEvent, frozen=True, tag="site_policy_decided.v1"):
    """People are treated by ``policy`` from now on."""

    policy: Policy


class SiteExclusionsDecided(ControlEvent, frozen=True, tag="site_exclusions_decided.v1"):
    """From now on this is left out, and nothing else."""

    exclusions: Exclusions


class SiteReadsDecided(ControlEvent, frozen=True, tag="site_reads_decided.v1"):
    """Whether anybody may ask for the site's numbers at the addresses of the systems that asked for no key, from now on."""

    is_public: bool


class SiteBound(ControlEvent, frozen=True, tag="site_bound.v1"):
    """What comes in by ``mount`` and names no site is for this one; the mount is claimed in the same commit."""

    mount: MountName


class SiteUnbound(ControlEvent, frozen=True, tag="site_unbound.v1"):
    """What comes in by ``mount`` is not for this site any more."""

    mount: MountName


class SiteArchived(ControlEvent, frozen=True, tag="site_archived.v1"):
    """Nothing more is taken for the site; what there is stays, and can be asked for."""


class SiteRestored(ControlEvent, frozen=True, tag="site_restored.v1"):
    """The site takes again."""


class SiteErasureBegun(ControlEvent, frozen=True, tag="site_erasure_begun.v1"):
    """The site takes nothing from here on, and its facts are erased from the streams one by one; there is no way back."""


class SiteErased(ControlEvent, frozen=True, tag="site_erased.v1"):
    """Every fact of the site is erased; ``erased`` are the runs of sequences (first, last) that are gone from ``stream``."""

    stream: str
    erased: tuple[tuple[int, int], ...]
    is_last: bool = True


class NameClaimed(ControlEvent, frozen=True, tag="name_claimed.v1"):
    """The name belongs to the site ``key`` of ``tenant``, and to no other of the installation."""

    tenant: TenantName
    key: SiteName


class NameReleased(ControlEvent, frozen=True, tag="name_released.v1"):
    """The name belongs to nobody."""


EVENTS = (
    SiteAdded,
    SiteDescribed,
    SiteNamed,
    SiteUnnamed,
    SiteOriginsDecided,
    SitePolicyDecided,
    SiteExclusionsDecided,
    SiteReadsDecided,
    SiteBound,
    SiteUnbound,
    SiteArchived,
    SiteRestored,
    SiteErasureBegun,
    SiteErased,
)
NAME_EVENTS = (NameClaimed, NameReleased)


class SiteState(StrEnum):
    """Whether a site takes facts, and whether it still has any."""

    OPEN = "open"
    ARCHIVED = "archived"
    ERASING = "erasing"
    ERASED = "erased"


class Site(Struct, frozen=True, kw_only=True):
    """A site as its events leave it; ``names`` holds the key unless that was given up."""

    id: str
    version: int
    tenant: TenantName
    key: SiteName
    label: Label = ""
    timezone: ZoneName = "UTC"
    names: dict[SiteName, NameUse] = {}
    origins: tuple[Origin, ...] = ()
    policy: Policy = Policy()
    exclusions: Exclusions = Exclusions()
    mounts: tuple[MountName, ...] = ()
    is_public: bool = False
    state: SiteState = SiteState.OPEN


class Name(Struct, frozen=True, kw_only=True):
    """A name, and the site that it belongs to; ``tenant`` and ``key`` are empty while it belongs to nobody."""

    id: str
    version: int
    tenant: str = ""
    key: str = ""


def site_id(tenant: str, key: str) -> str:
    """Return the id of the site *key* of *tenant*."""
    return f"{KIND}:{tenant}:{key}"


def name_id(name: str) -> str:
    """Return the id of the claim to *name*."""
    return f"{NAME_KIND}:{name}"


def fold(site: Site | None, event: ControlEvent) -> Site | None:  # noqa: C901, PLR0912  # one line for each event
    """Return what *site* is after *event*; None while there is none."""
    if isinstance(event, SiteAdded):
        return Site(
            id=event.originator_id,
            version=event.originator_version,
            tenant=event.tenant,
            key=event.key,
            label=event.label,
            timezone=event.timezone,
        )
    if site is None:
        return None
    match event:
        case SiteDescribed():
            site = structs.replace(site, label=event.label, timezone=event.timezone)
        case SiteNamed():
            site = structs.replace(site, names={**site.names, event.name: event.use})
        case SiteUnnamed():
            site = structs.replace(site, names={name: use for name, use in site.names.items() if name != event.name})
        case SiteOriginsDecided():
            site = structs.replace(site, origins=event.origins)
        case SitePolicyDecided():
            site = structs.replace(site, policy=event.policy)
        case SiteExclusionsDecided():
            site = structs.replace(site, exclusions=event.exclusions)
        case SiteReadsDecided():
            site = structs.replace(site, is_public=event.is_public)
        case SiteBound() | SiteUnbound():
            site = structs.replace(site, mounts=_mounts(site, event))
        case SiteArchived():
            site = structs.replace(site, state=SiteState.ARCHIVED)
        case SiteRestored():
            site = structs.replace(site, state=SiteState.OPEN)
        case SiteErasureBegun():
            site = structs.replace(site, state=SiteState.ERASING)
        case SiteErased():
            site = structs.replace(site, state=SiteState.ERASED if event.is_last else SiteState.ERASING)
    return structs.replace(site, version=event.originator_version)


def _mounts(site: Site, event: SiteBound | SiteUnbound) -> tuple[MountName, ...]:
    others = {mount for mount in site.mounts if mount != event.mount}
    return tuple(sorted(others | {event.mount} if isinstance(event, SiteBound) else others))


def fold_name(name: Name | None, event: ControlEvent) -> Name | None:
    """Return whose *name* is after *event*."""
    match event:
        case NameClaimed():
            return Name(id=event.originator_id, version=event.originator_version, tenant=event.tenant, key=event.key)
        case NameReleased():
            return Name(id=event.originator_id, version=event.originator_version)
    return None if name is None else structs.replace(name, version=event.originator_version)
