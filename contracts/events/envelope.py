"""The envelope: what every fact has, whatever it is about, and the forms of value that all families share."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta, Struct

Scalar: TypeAlias = str | int | float | bool
Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]  # RFC 3339 with an offset; always UTC in what we write
FactId: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]  # RFC 9562, lower case
# Decimal text, for floats do not add up: at most 30 digits before and after the point, and no exponent.
Amount: TypeAlias = Annotated[str, Meta(pattern=r"^-?[0-9]{1,30}(\.[0-9]{1,30})?$")]
Currency: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]  # ISO 4217
ListsId: TypeAlias = Annotated[str, Meta(pattern=r"^([0-9a-f]{6})?$")]  # collector/privacy/enrich/data/versions.json
PolicyId: TypeAlias = Annotated[str, Meta(pattern=r"^([a-z0-9_-]{1,32})?$")]

# Wider than any import, and far inside what a month's partition in Postgres can express.
FIRST_YEAR, LAST_YEAR = 1990, 2199


class Code(StrEnum):
    """A closed list in code and a pattern in the schema, so that a new member is no new version of a contract.

    Every list has a member OTHER, which is what a value from a later version is read as.
    """

    @classmethod
    def _missing_(cls, value: object) -> "Code | None":
        return cls.__members__["OTHER"] if isinstance(value, str) else None


class Money(Struct, frozen=True, kw_only=True):
    """An exact amount as decimal text in an ISO 4217 currency."""

    amount: Amount
    currency: Currency


class Fact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The envelope of every fact: which one, whose, and when.

    ``id`` is a UUID, version 7 when ours and version 8 when derived from a caller's or an import's key (RFC 9562).
    ``occurred_at`` is the corrected client time, ``received_at`` ours, both UTC. ``batch`` names the import. ``lists`` is the
    version of all lists that were used before the fact was stored, and ``places`` the build date of an operator's location
    database where one was asked. ``policy`` is the version of the site's policy, empty where there is none.
    """

    family: ClassVar[str]

    id: FactId
    tenant: str
    site: str
    occurred_at: Moment
    received_at: Moment
    batch: str | None = None
    lists: ListsId = ""
    places: str = ""
    policy: PolicyId = ""

    def __post_init__(self) -> None:
        if not (FIRST_YEAR <= self.occurred_at.year <= LAST_YEAR and FIRST_YEAR <= self.received_at.year <= LAST_YEAR):
            raise ValueError(f"a fact's times lie between the years {FIRST_YEAR} and {LAST_YEAR}")
