"""Things: what the control plane's events have made so far, and the indexes that the walk looks things up by."""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import TypeVar

from msgspec import Struct, structs

from collector.control.in_order import InOrder
from collector.exclude import compiled
from collector.hit import Sender
from collector.sites import Rules, Site
from contracts import control
from contracts.control import goals, keys, mounts, sites, tenants
from contracts.control.envelope import ControlEvent
from contracts.control.keys import PUBLIC_SCOPES, KeyKind

T = TypeVar("T", tenants.Tenant, sites.Site, keys.Key, goals.Goal, goals.Funnel)

# Who may sign in is asked elsewhere, and sessions would only grow here.
KINDS = frozenset({tenants.KIND, sites.KIND, sites.NAME_KIND, mounts.KIND, keys.KIND, goals.GOAL_KIND, goals.FUNNEL_KIND})
_NAME_AT, _KEY_AT = len(sites.NAME_KIND) + 1, len(keys.KIND) + 1


class KnownKey(Struct, frozen=True, kw_only=True):
    """A key that is not revoked: its digest, who shows it, and until when."""

    digest: str
    sender: Sender
    ends_at: datetime | None

    def works_at(self, now: datetime) -> bool:
        """Say whether it has not ended *now*."""
        return self.ends_at is None or now < self.ends_at


class Things:
    """Tenants, sites, names and keys, folded; a look-up is one step in a dictionary.

    A name is the site's that claimed it: claims decide, since each is made once, and what a site says of its names does not.
    """

    def __init__(self) -> None:
        self.by_name: dict[str, Site] = {}
        self.keys: dict[str, KnownKey] = {}
        self.tenants: set[str] = set()
        self.archived: set[str] = set()
        self.erasing: dict[str, sites.Site] = {}
        self._things: dict[str, control.Thing] = {}
        # By kind and tenant, so that a list of one tenant's costs nothing for those of all others.
        self._listed: dict[tuple[str, str], InOrder] = defaultdict(InOrder)
        self._walked: dict[str, Site] = {}
        self._open: dict[str, tuple[Site, ...]] = {}

    def __len__(self) -> int:
        """Return how many things there are."""
        return len(self._things)

    def apply(self, event: ControlEvent) -> None:
        """Fold *event*, unless it is a second one of its version, or no next one."""
        thing = self._things.get(event.originator_id)
        folded = control.fold(thing, event)
        if folded is None or folded is thing:
            return
        self._things[folded.id] = folded
        if thing is None:
            self._list(folded)
        match folded:
            case sites.Site():
                self._index_site(folded)
            case sites.Name():
                self._index_name(folded)
            case keys.Key():
                self._index_key(folded)
            case tenants.Tenant():
                self._index_tenant(folded)

    def pass_over(self, thing_id: str, version: int) -> None:
        """Let the event of that *version*, which nobody here can read, change nothing, so that those behind it still count."""
        thing = self._things.get(thing_id)
        if thing is not None and version == thing.version + 1:
            self._things[thing_id] = structs.replace(thing, version=version)

    def thing(self, thing_id: str) -> control.Thing | None:
        """Return a thing as its events leave it."""
        return self._things.get(thing_id)

    def some(
        self, kind: type[T], tenant: str = "", *, after: str, most: int, fits: Callable[[T], bool] = lambda _: True
    ) -> list[T]:
        """Return the first *most* things of *tenant* behind the id *after*, that *fits* takes; tenants are of none."""
        listed = self._listed.get((kind.__name__, tenant))
        if listed is None:
            return []
        found = (thing for id_ in listed.after(after) if isinstance(thing := self._things[id_], kind) and fits(thing))
        return list(islice(found, most))

    def site(self, tenant: str, key: str) -> Site | None:
        """Return the site *key* of *tenant*."""
        return self._walked.get(sites.site_id(tenant, key))

    def has_decided_on(self, name: str) -> bool:
        """Say whether *name* was ever claimed, also where it belongs to nobody by now."""
        return sites.name_id(name) in self._things

    def bound(self, mount: str) -> Site | None:
        """Return the site that *mount* is bound to."""
        claim = self._things.get(mounts.mount_id(mount))
        return self.site(claim.tenant, claim.key) if isinstance(claim, mounts.MountClaim) and claim.key else None

    def open_sites(self, tenant: str = "") -> tuple[Site, ...]:
        """Return the open sites, of *tenant* alone where one is named, or two of them where there are more."""
        if tenant not in self._open:
            fitting = (site for site in self._walked.values() if site.is_open and tenant in ("", site.tenant))
            self._open[tenant] = tuple(_at_most_two(fitting))
        return self._open[tenant]

    def _list(self, thing: control.Thing) -> None:
        match thing:
            case sites.Site() | keys.Key() | goals.Goal() | goals.Funnel():
                self._listed[type(thing).__name__, thing.tenant].add(thing.id)
            case tenants.Tenant():
                self._listed[type(thing).__name__, ""].add(thing.id)

    def _index_site(self, site: sites.Site) -> None:
        known = self._walked[site.id] = Site(
            tenant=sys.intern(site.tenant),
            id=site.key,
            is_open=site.state is sites.SiteState.OPEN and site.tenant not in self.archived,
            rules=_rules_of(site),
        )
        self._open = {}
        if site.state is sites.SiteState.ERASING:
            self.erasing[site.id] = site
        else:
            self.erasing.pop(site.id, None)
        for name in site.names:
            claim = self._things.get(sites.name_id(name))
            if isinstance(claim, sites.Name) and (claim.tenant, claim.key) == (site.tenant, site.key):
                self.by_name[name] = known

    def _index_name(self, claim: sites.Name) -> None:
        name = claim.id[_NAME_AT:]
        site = self.site(claim.tenant, claim.key) if claim.key else None
        if site is None:  # nobody's, or one that is named before it is there
            self.by_name.pop(name, None)
            return
        self.by_name[name] = site

    def _index_key(self, key: keys.Key) -> None:
        short = key.id[_KEY_AT:]
        if key.is_revoked:
            self.keys.pop(short, None)
            return
        is_public = key.kind is KeyKind.PUBLIC
        sender = Sender(
            credential=short,
            scopes=frozenset(key.scopes) & PUBLIC_SCOPES if is_public else frozenset(key.scopes),
            tenant=sys.intern(key.tenant),
            site=key.site or "",
            is_server=not is_public,
        )
        self.keys[short] = KnownKey(digest=key.digest, sender=sender, ends_at=key.ends_at)

    def _index_tenant(self, tenant: tenants.Tenant) -> None:
        self.tenants.add(tenant.name)
        if tenant.is_archived is (tenant.name in self.archived):
            return
        self.archived ^= {tenant.name}
        for site in self.some(sites.Site, tenant.name, after="", most=len(self)):
            self._index_site(site)


def _at_most_two(found: Iterator[Site]) -> Iterator[Site]:
    for _, site in zip(range(2), found, strict=False):
        yield site


def _rules_of(site: sites.Site) -> Rules | None:
    """Return what the owner of *site* has decided, or None where that is nothing: then nobody need look."""
    policy = site.policy
    if policy == sites.Policy() and not site.origins and site.exclusions == sites.Exclusions():
        return None
    return Rules(
        policy=policy.id,
        identity=policy.identity,
        kept=frozenset(policy.kept),
        origins=frozenset(site.origins),
        excludes=compiled(site.exclusions),
    )
