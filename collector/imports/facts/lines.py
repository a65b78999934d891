"""A tenant's facts as lines of JSON, exactly as they are stored: out of the streams, and back into them."""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct, structs

from collector.failure import Failure
from collector.sites import Sites
from collector.stream.connection import Connection
from collector.stream.history import history
from contracts.codec import CODEC, NewerVersion
from contracts.events import Fact
from contracts.streams import FAMILIES, Family, streams_of, subjects_of_tenant

DEFAULT_BATCH: Final = "backup"


class Told(Struct):
    """How the lines of a file ended."""

    lines: int = 0
    unreadable: int = 0
    foreign: int = 0
    unknown_site: int = 0
    there_already: int = 0
    sent: int = 0
    days: dict[str, tuple[date, date]] = {}  # msgspec copies it

    def send(self, fact: Fact) -> None:
        """Count *fact* among what was sent, and remember on which days its site has facts."""
        self.sent += 1
        day = fact.occurred_at.date()
        first, last = self.days.get(fact.site, (day, day))
        self.days[fact.site] = (min(first, day), max(last, day))

    def rows(self) -> Iterator[tuple[int, str]]:
        """Return each count that there is, with its words."""
        words = {
            "lines": "lines read",
            "unreadable": "of them are no event that this version can read",
            "foreign": "are another tenant's",
            "unknown_site": "are of sites that no events are taken for",
            "there_already": "are in the event stream already",
            "sent": "were sent to it",
        }
        for name, said in words.items():
            if (number := getattr(self, name)) or name in ("lines", "sent"):
                yield number, said


async def facts_of(
    client: Connection, tenant: str, *, partitions: int, families: Iterable[Family] = FAMILIES
) -> AsyncIterator[bytes]:
    """Yield every fact of *tenant*, family by family and each family's in the order of its streams."""
    for stream in streams_of(tuple(families), partitions=partitions):
        async for body in history(client, stream, subjects_of_tenant(stream.family, tenant)):
            yield body


class _Ids(Struct):
    id: str
    site: str


_ids = msgspec.json.Decoder(_Ids)


async def ids_of(client: Connection, tenant: str, *, partitions: int) -> set[int]:
    """Return what every fact of *tenant* is known by, as numbers: some eighty bytes each, for a stream holds millions."""
    known = set[int]()
    for family in FAMILIES:
        async for body in facts_of(client, tenant, partitions=partitions, families=(family,)):
            said = _ids.decode(body)
            known.add(_known_by(family.name, said.site, said.id))
    return known


def _known_by(family: str, site: str, id_: str) -> int:
    """Return a number for an id: callers give the same one to facts of several sites and families, which are none the same."""
    return int.from_bytes(hashlib.blake2b(f"{family}\0{site}\0{UUID(id_).hex}".encode(), digest_size=16).digest())


def facts_in(lines: Iterable[bytes], *, tenant: str, sites: Sites, known: set[int], batch: str, told: Told) -> Iterator[Fact]:
    """Yield the facts in *lines* that are to be sent, once each; they name *batch*, but for those that name one already."""
    for line in lines:
        if not line.strip():
            continue
        told.lines += 1
        fact = _read(line, told)
        if fact is None:
            continue
        if fact.tenant != tenant:
            told.foreign += 1
        elif (site := sites.keyed(tenant, fact.site)) is None or not site.is_open:
            told.unknown_site += 1
        elif (id_ := _known_by(fact.family, fact.site, fact.id)) in known:
            told.there_already += 1
        else:
            known.add(id_)
            told.send(fact)
            yield structs.replace(fact, batch=fact.batch or batch)


def lines_of(file: Path, advance: Callable[[int], None]) -> Iterator[bytes]:
    """Yield each line of *file*, and tell how many bytes it had."""
    with file.open("rb") as lines:
        for line in lines:
            advance(len(line))
            yield line


def _read(line: bytes, told: Told) -> Fact | None:
    try:
        return CODEC.decode(line)
    except NewerVersion as newer:
        raise Failure(
            f"line {told.lines:,} is of a later version of this product: {newer}. Update it, and import again."
        ) from None
    except ValueError:
        told.unreadable += 1
        return None
