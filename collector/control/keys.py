"""Decisions about keys: issued, replaced by another with a time in which both work, and revoked."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from collector.control.checked import known_key, known_site, known_tenant, listed, moment, new_key
from collector.control.decided import Decided, conflict, invalid, not_found
from collector.control.journal import Journal, Seen
from collector.control.tenants import working_tenant
from contracts.control.keys import (
    PUBLIC_SCOPES,
    Key,
    KeyIssued,
    KeyKind,
    KeyRetired,
    KeyRevoked,
    Scope,
    key_id,
)
from contracts.control.sites import SiteState, site_id

LONGEST_OVERLAP: Final = timedelta(days=90)


class Keys:
    """The commands about keys, which are told a key's digest and never see the key."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def issue(
        self,
        tenant: str,
        short: str,
        *,
        digest: str,
        kind: KeyKind,
        scopes: Iterable[Scope],
        site: str | None = None,
        label: str = "",
        expires_at: datetime | None = None,
        by: str,
    ) -> Decided[Key]:
        """Let the key with the id *short*, whose SHA-256 is *digest*, do what *scopes* say; one that is so is returned."""
        stamp = self._journal.stamp(by)
        working_tenant(self._journal, tenant)
        if site is not None:
            self._refuse_site(tenant, site)
        seen: Seen[Key] = self._journal.look(key_id(new_key(short)))
        issued = KeyIssued(
            **seen.head(stamp),
            tenant=tenant,
            kind=kind,
            scopes=_scopes(kind, scopes),
            digest=digest,
            site=site,
            label=label,
            expires_at=None if expires_at is None else moment("expires_at", expires_at, after=stamp.at),
        )
        if seen.thing is None:
            return self._journal.record(seen, issued)
        if _is_of(seen.thing, issued):
            return seen.unchanged(seen.thing)
        raise conflict("There is a key with this id already. Send another id.")

    def find(self, tenant: str, short: str) -> Key:
        """Return the key *short* of *tenant*."""
        return self._known(tenant, short)[1]

    def rotate(
        self,
        tenant: str,
        short: str,
        *,
        new: str,
        digest: str,
        overlap: timedelta,
        expires_at: datetime | None = None,
        by: str,
        expected_version: int | None = None,
    ) -> Decided[Key]:
        """Let the key *new* take the place of *short*, with its scopes; both work for *overlap*. Return the new one."""
        stamp = self._journal.stamp(by)
        working_tenant(self._journal, tenant)
        seen, old = self._known(tenant, short, expected_version)
        if not timedelta() <= overlap <= LONGEST_OVERLAP:
            raise invalid("overlap", f"Send at most {LONGEST_OVERLAP.days} days.")
        place: Seen[Key] = self._journal.look(key_id(new_key(new)))
        issued = KeyIssued(
            **place.head(stamp),
            tenant=tenant,
            kind=old.kind,
            scopes=old.scopes,
            digest=digest,
            site=old.site,
            label=old.label,
            expires_at=None if expires_at is None else moment("expires_at", expires_at, after=stamp.at),
            replaces=short,
        )
        if place.thing is not None:
            if _is_of(place.thing, issued):
                return place.unchanged(place.thing)
            raise conflict("There is a key with this id already. Send another id.")
        if not old.works_at(stamp.at):
            raise conflict("The key does not work any more. Issue a new one.")
        retired = KeyRetired(**seen.head(stamp), until=stamp.at + overlap)
        return self._journal.record(place, issued, retired, beside=(seen,))

    def revoke(self, tenant: str, short: str, *, by: str, expected_version: int | None = None) -> Decided[Key]:
        """Let the key be worth nothing any more."""
        seen, key = self._known(tenant, short, expected_version)
        if key.is_revoked:
            return seen.unchanged(key)
        return self._journal.record(seen, KeyRevoked(**seen.head(self._journal.stamp(by))))

    def _known(self, tenant: str, short: str, expected_version: int | None = None) -> tuple[Seen[Key], Key]:
        known_tenant(tenant, sought="key")
        key: Key
        seen, key = self._journal.known(key_id(known_key(short)))
        if key.tenant != tenant:
            raise not_found("key")
        if expected_version is not None:
            return self._journal.known(key.id, expected_version)
        return seen, key

    def _refuse_site(self, tenant: str, site: str) -> None:
        state: SiteState = self._journal.known(site_id(tenant, known_site(site)))[1].state
        if state in {SiteState.ERASING, SiteState.ERASED}:
            raise not_found("site")


def _scopes(kind: KeyKind, scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    wanted = listed("scopes", sorted(scopes))
    if not wanted:
        raise invalid("scopes", "Send at least one scope.")
    if kind is KeyKind.PUBLIC and not PUBLIC_SCOPES.issuperset(wanted):
        raise invalid("scopes", "A public key may stand in a page, so it gets the scope ingest and no other.")
    return wanted


def _is_of(key: Key, issued: KeyIssued) -> bool:
    """Say whether *key* is what *issued* would make of it, whenever and by whom that was."""
    return not key.is_revoked and (
        key.tenant,
        key.kind,
        key.scopes,
        key.digest,
        key.site,
        key.label,
        key.ends_at,
        key.replaces,
    ) == (
        issued.tenant,
        issued.kind,
        issued.scopes,
        issued.digest,
        issued.site,
        issued.label,
        issued.expires_at,
        issued.replaces,
    )
