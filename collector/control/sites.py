"""Decisions about sites and whose each name is: added, described, named, ruled, archived, restored and erased."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from collector.control.binding import released
from collector.control.checked import MOST_NAMES, hosts, known_site, known_tenant, listed, new_name, patterns, zone
from collector.control.decided import NAME_TAKEN, Decided, conflict, invalid
from collector.control.goals import NOTHING, withdrawn_with
from collector.control.journal import Journal, Seen
from collector.control.tenants import working_tenant
from contracts.control.envelope import ControlEvent
from contracts.control.sites import (
    Exclusions,
    Identity,
    Name,
    NameClaimed,
    NameReleased,
    NameUse,
    Policy,
    Site,
    SiteAdded,
    SiteArchived,
    SiteDescribed,
    SiteErased,
    SiteErasureBegun,
    SiteExclusionsDecided,
    SiteNamed,
    SiteOriginsDecided,
    SitePolicyDecided,
    SiteReadsDecided,
    SiteRestored,
    SiteState,
    SiteUnbound,
    SiteUnnamed,
    name_id,
    site_id,
)

# How many runs of erased sequences one event holds; who erases more says it in several.
MOST_RUNS: Final = 4_000
_FINAL = frozenset({SiteState.ERASING, SiteState.ERASED})


class Erasure(Struct, frozen=True, kw_only=True):
    """A site, and everything that was said to be erased of it."""

    site: Site
    said: tuple[SiteErased, ...]


class Sites:
    """The commands about sites; a site is named by its tenant and its key, and another tenant's is not there."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def add(self, tenant: str, key: str, *, label: str = "", timezone: str = "UTC", by: str) -> Decided[Site]:
        """Add a site that goes by its key; one that is there exactly so is returned."""
        working_tenant(self._journal, tenant)
        key, timezone = new_name(key, "key"), zone(timezone)
        seen: Seen[Site] = self._journal.look(site_id(tenant, key))
        if seen.thing is not None and seen.thing.state is not SiteState.ERASED:
            return self._there_already(seen, seen.thing, label, timezone)
        claimed = self._free(key)
        stamp = self._journal.stamp(by)
        return self._journal.record(
            seen,
            SiteAdded(**seen.head(stamp), tenant=tenant, key=key, label=label, timezone=timezone),
            SiteNamed(**seen.head(stamp, 2), name=key),
            NameClaimed(**claimed.head(stamp), tenant=tenant, key=key),
            beside=(claimed,),
        )

    def find(self, tenant: str, key: str) -> Site:
        """Return the site *key* of *tenant*."""
        return self._known(tenant, key)[1]

    def describe(
        self, tenant: str, key: str, *, label: str, timezone: str, by: str, expected_version: int | None = None
    ) -> Decided[Site]:
        """Call the site *label* on pages, and let its days begin by *timezone*."""
        seen, site = self._changeable(tenant, key, expected_version)
        if (site.label, site.timezone) == (label, zone(timezone)):
            return seen.unchanged(site)
        return self._journal.record(seen, SiteDescribed(**seen.head(self._journal.stamp(by)), label=label, timezone=timezone))

    def name(
        self,
        tenant: str,
        key: str,
        name: str,
        *,
        use: NameUse = NameUse.DOMAIN,
        by: str,
        expected_version: int | None = None,
    ) -> Decided[Site]:
        """Let the site go by *name*, too, which belongs to no other site of the installation."""
        seen, site = self._changeable(tenant, key, expected_version)
        name, stamp = new_name(name), self._journal.stamp(by)
        if site.names.get(name) == use:
            return seen.unchanged(site)
        named = SiteNamed(**seen.head(stamp), name=name, use=use)
        if name in site.names:
            return self._journal.record(seen, named)
        if len(site.names) >= MOST_NAMES:
            raise invalid("name", f"A site has at most {MOST_NAMES} names. Give one up first.")
        claimed = self._free(name)
        claim = NameClaimed(**claimed.head(stamp), tenant=site.tenant, key=site.key)
        return self._journal.record(seen, named, claim, beside=(claimed,))

    def unname(self, tenant: str, key: str, name: str, *, by: str, expected_version: int | None = None) -> Decided[Site]:
        """Let the site not go by *name* any more, so that any site may."""
        seen, site = self._changeable(tenant, key, expected_version)
        name, stamp = new_name(name), self._journal.stamp(by)
        if name not in site.names:
            return seen.unchanged(site)
        releases, beside = self._releases([name], site, by=by)
        return self._journal.record(seen, SiteUnnamed(**seen.head(stamp), name=name), *releases, beside=beside)

    def decide_origins(
        self, tenant: str, key: str, origins: Sequence[str], *, by: str, expected_version: int | None = None
    ) -> Decided[Site]:
        """Let only pages of *origins* send for the site; none means any."""
        seen, site = self._changeable(tenant, key, expected_version)
        wanted = listed("origins", origins)
        if site.origins == wanted:
            return seen.unchanged(site)
        return self._journal.record(seen, SiteOriginsDecided(**seen.head(self._journal.stamp(by)), origins=wanted))

    def decide_policy(
        self,
        tenant: str,
        key: str,
        *,
        identity: Identity,
        kept: Sequence[str] = (),
        by: str,
        expected_version: int | None = None,
    ) -> Decided[Site]:
        """Treat people of the site so from now on; the policy's id is its version, and stands on every fact made under it."""
        seen, site = self._changeable(tenant, key, expected_version)
        wanted = listed("kept", kept)
        if site.policy.id and (site.policy.identity, site.policy.kept) == (identity, wanted):
            return seen.unchanged(site)
        head = seen.head(self._journal.stamp(by))
        policy = Policy(id=f"p{head['originator_version']}", identity=identity, kept=wanted)
        return self._journal.record(seen, SitePolicyDecided(**head, policy=policy))

    def decide_exclusions(
        self, tenant: str, key: str, exclusions: Exclusions, *, by: str, expected_version: int | None = None
    ) -> Decided[Site]:
        """Leave out of the site what *exclusions* say, and nothing else, from now on."""
        seen, site = self._changeable(tenant, key, expected_version)
        wanted = Exclusions(
            paths=patterns("paths", exclusions.paths),
            countries=listed("countries", exclusions.countries, most=300),
            hosts=hosts("hosts", exclusions.hosts),
            referrers=hosts("referrers", exclusions.referrers),
        )
        if site.exclusions == wanted:
            return seen.unchanged(site)
        return self._journal.record(seen, SiteExclusionsDecided(**seen.head(self._journal.stamp(by)), exclusions=wanted))

    def decide_reads(
        self, tenant: str, key: str, *, is_public: bool, by: str, expected_version: int | None = None
    ) -> Decided[Site]:
        """Let anybody ask for the site's numbers, where the system whose address it is asked for no key; or nobody."""
        seen, site = self._changeable(tenant, key, expected_version)
        if site.is_public is is_public:
            return seen.unchanged(site)
        return self._journal.record(seen, SiteReadsDecided(**seen.head(self._journal.stamp(by)), is_public=is_public))

    def archive(self, tenant: str, key: str, *, by: str, expected_version: int | None = None) -> Decided[Site]:
        """Take nothing more for the site; what there is stays."""
        seen, site = self._changeable(tenant, key, expected_version)
        if site.state is SiteState.ARCHIVED:
            return seen.unchanged(site)
        return self._journal.record(seen, SiteArchived(**seen.head(self._journal.stamp(by))))

    def restore(self, tenant: str, key: str, *, by: str, expected_version: int | None = None) -> Decided[Site]:
        """Let the site take again."""
        seen, site = self._changeable(tenant, key, expected_version)
        if site.state is SiteState.OPEN:
            return seen.unchanged(site)
        return self._journal.record(seen, SiteRestored(**seen.head(self._journal.stamp(by))))

    def begin_erasure(self, tenant: str, key: str, *, by: str, expected_version: int | None = None) -> Decided[Site]:
        """Take nothing for the site from here on, and have its facts erased; there is no way back."""
        seen, site = self._known(tenant, key, expected_version)
        if site.state in _FINAL:
            return seen.unchanged(site)
        return self._journal.record(seen, SiteErasureBegun(**seen.head(self._journal.stamp(by))))

    def say_erased(
        self,
        tenant: str,
        key: str,
        *,
        stream: str,
        erased: Sequence[tuple[int, int]],
        is_last: bool,
        by: str,
        expected_version: int | None = None,
    ) -> Decided[Site]:
        """Record which runs of sequences are gone from *stream*; with the last of them, the site's names are free again."""
        seen, site = self._known(tenant, key, expected_version)
        if site.state not in _FINAL:
            raise conflict("The site is not being erased. Begin its erasure first.")
        if len(erased) > MOST_RUNS or any(not 0 < first <= last for first, last in erased):
            raise invalid("erased", f"Send at most {MOST_RUNS} runs at once, each a first and a last sequence.")
        stamp = self._journal.stamp(by)
        names, mounts = (list(site.names), list(site.mounts)) if is_last else ([], [])
        unnamed = [SiteUnnamed(**seen.head(stamp, number), name=name) for number, name in enumerate(names, start=1)]
        unbound = [SiteUnbound(**seen.head(stamp, number), mount=each) for number, each in enumerate(mounts, len(names) + 1)]
        head = seen.head(stamp, len(names) + len(mounts) + 1)
        gone = SiteErased(**head, stream=stream, erased=tuple(erased), is_last=is_last)
        releases, beside = self._releases(names, site, by=by)
        freed, claims = released(self._journal, mounts, site, stamp)
        ended, targets = withdrawn_with(self._journal, site, stamp) if is_last else NOTHING
        return self._journal.record(
            seen, *unnamed, *unbound, gone, *releases, *freed, *ended, beside=(*beside, *claims, *targets)
        )

    def erasure(self, tenant: str, key: str) -> Erasure:
        """Return what was said to be erased of the site, since there was one with this key."""
        seen, site = self._known(tenant, key)
        return Erasure(
            site=site, said=tuple(event for event in self._journal.history(seen.id) if isinstance(event, SiteErased))
        )

    def _known(self, tenant: str, key: str, expected_version: int | None = None) -> tuple[Seen[Site], Site]:
        return self._journal.known(site_id(known_tenant(tenant, sought="site"), known_site(key)), expected_version)

    def _changeable(self, tenant: str, key: str, expected_version: int | None) -> tuple[Seen[Site], Site]:
        seen, site = self._known(tenant, key, expected_version)
        if site.state in _FINAL:
            raise conflict("The site is erased, or about to be: nothing can be decided about it any more.")
        return seen, site

    def _there_already(self, seen: Seen[Site], site: Site, label: str, timezone: str) -> Decided[Site]:
        if site.state is SiteState.OPEN and (site.label, site.timezone) == (label, timezone):
            return seen.unchanged(site)
        raise conflict("There is a site with this key, and it is not as this one: describe or restore it instead.")

    def _free(self, name: str) -> Seen[Name]:
        """Return *name* as it was found, which belongs to nobody, or raise Undecided without saying whose it is."""
        seen: Seen[Name] = self._journal.look(name_id(name))
        if seen.thing is not None and seen.thing.key:
            raise conflict(NAME_TAKEN)
        return seen

    def _releases(self, names: Sequence[str], site: Site, *, by: str) -> tuple[list[ControlEvent], tuple[Seen[Name], ...]]:
        """Return the events that free those of *names* that belong to *site*, and what they are about."""
        stamp = self._journal.stamp(by)
        claims: list[Seen[Name]] = [self._journal.look(name_id(name)) for name in names]
        ours = [one for one in claims if one.thing and (one.thing.tenant, one.thing.key) == (site.tenant, site.key)]
        return [NameReleased(**one.head(stamp)) for one in ours], tuple(ours)
