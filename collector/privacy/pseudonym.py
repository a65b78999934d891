"""TenantSecret: what user ids become pseudonyms with; once it is destroyed, nobody can tell any of them again."""

from typing import Final, Protocol

from msgspec import Struct

from contracts.pseudonym import pseudonym

SECRET_BYTES: Final = 32


class TenantSecret(Struct, frozen=True, kw_only=True):
    """A tenant's secret; one of the wrong length is refused, and no repr shows it."""

    key: bytes

    def __post_init__(self) -> None:
        if len(self.key) != SECRET_BYTES:
            raise ValueError(f"a tenant's secret has {SECRET_BYTES} bytes; nothing was hashed")

    def __repr__(self) -> str:
        return "TenantSecret()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec's own shows every field, and rich prints it in tracebacks.
        return []

    def pseudonym_of(self, user: str, *, site: str) -> str:
        """Return what stands for *user* on *site*; of two sites they cannot be linked."""
        return pseudonym(self.key, site=site, user=user)

    def for_a_request(self) -> "TenantSecret":
        """Return the same secret, which makes each pseudonym once; whoever it was asked for goes with the request."""
        return _Remembering(key=self.key)


class _Remembering(TenantSecret, frozen=True, kw_only=True):
    told: dict[tuple[str, str], str] = {}  # msgspec copies it

    def pseudonym_of(self, user: str, *, site: str) -> str:
        known = self.told.get((site, user))
        if known is None:
            known = self.told[site, user] = super().pseudonym_of(user, site=site)
        return known


class SecretSource(Protocol):
    """Hands out the secret of a tenant: the one interface that the walk knows."""

    def held(self, tenant: str) -> TenantSecret | None:
        """Return the secret of *tenant* if it is at hand, without waiting."""

    async def of(self, tenant: str) -> TenantSecret:
        """Return the secret of *tenant*, or raise Unavailable: no pseudonym is made without one."""
