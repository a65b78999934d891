"""Caller: on whose behalf a question is asked; nothing below the door takes a tenant from anywhere else."""

import hashlib

from msgspec import Struct

from contracts.control.keys import Key, Scope
from contracts.control.people import Grant, Role

HERE = "here"
TOKEN = "token"  # noqa: S105  # a word, and none


class Caller(Struct, frozen=True, kw_only=True):
    """Who asks: the tenant whose facts are theirs, and what they may do with them.

    ``sites`` are the only ones of the tenant that they may see, None for all. ``credential`` is what they have shown: ``here``
    for somebody on this machine, ``token``, ``key:<id>`` or ``member:<id>``. A member has a ``role``, the
    highest of their ``grants`` of the tenant; ``tenants`` are those that they may look at by name. A guest asks from this
    machine without any credential, which is enough while nobody is a member. Who runs the installation also sees what is
    nobody's in particular.
    """

    tenant: str
    scopes: frozenset[Scope]
    sites: frozenset[str] | None = None
    credential: str = HERE
    role: Role | None = None
    grants: tuple[Grant, ...] = ()
    tenants: tuple[str, ...] = ()
    is_guest: bool = False
    runs_installation: bool = False

    @property
    def is_member(self) -> bool:
        """Say whether somebody has signed in with a name."""
        return self.role is not None

    @property
    def mark(self) -> str:
        """Return what changes with what can be seen, and by whom."""
        seen = "\0".join((self.tenant, self.credential, *("*" if self.sites is None else sorted(self.sites))))
        return hashlib.blake2b(seen.encode(), digest_size=6).hexdigest()

    def may_see(self, site: str) -> bool:
        """Say whether *site* is one of those that they may see, should it be the tenant's."""
        return self.sites is None or site in self.sites


def caller_with(key: Key, scopes: frozenset[Scope]) -> Caller:
    """Return whoever shows *key*, or something that was given for it, and may do what *scopes* say."""
    sites = None if key.site is None else frozenset({key.site})
    return Caller(tenant=key.tenant, scopes=scopes, sites=sites, credential=key.id)


def only_caller(tenant: str, *, credential: str = HERE) -> Caller:
    """Return whoever runs the installation: it asks for the *tenant* of its settings."""
    return Caller(tenant=tenant, scopes=frozenset(Scope), credential=credential, runs_installation=True)


def guest(tenant: str) -> Caller:
    """Return whoever asks from this machine without a credential."""
    return Caller(tenant=tenant, scopes=frozenset(Scope), is_guest=True, runs_installation=True)
