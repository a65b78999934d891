"""Caller: on whose behalf a question is asked; nothing below the door takes a tenant from anywhere else."""

from enum import StrEnum

from msgspec import Struct


class Scope(StrEnum):
    """What a caller may do."""

    READ_STATS = "stats.read"


class Caller(Struct, frozen=True, kw_only=True):
    """Who asks: the tenant whose facts are theirs, and what they may do with them."""

    tenant: str
    scopes: frozenset[Scope]


def only_caller(tenant: str) -> Caller:
    """Return whoever is let in while there are no credentials: everybody asks for the one *tenant* of the settings."""
    return Caller(tenant=tenant, scopes=frozenset(Scope))
