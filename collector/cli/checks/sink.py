"""The sink: how far facts have been forwarded, and what its endpoint says, as the projector has written it down."""

from collections.abc import AsyncIterator
from typing import Final

from collector.cli.checks.finding import Finding, good, odd, sentence
from collector.settings import Settings
from projections.database import POSTGRES_ERRORS, advice_for, open_engine
from projections.forwarding.places import Place, read_places
from projections.forwarding.sink import NAME
from projections.projections import WEB
from projections.stream import NoStream, Stream, StreamUnavailable

_SUBJECT: Final = "Sink"
_KEPT: Final = "Nothing is lost: it goes on where it was."
# What is under way between two looks.
_MANY: Final = 1_000


async def examine_sink(settings: Settings, database_url: str, nats_url: str) -> AsyncIterator[Finding]:
    """Look at every partition's place, where facts are forwarded at all."""
    if settings.forwarding.url is None:
        return
    engine = open_engine(database_url)
    try:
        async with engine.connect() as connection:
            places = {place.stream: place for place in await read_places(connection, NAME)}
    except POSTGRES_ERRORS as error:
        yield odd(_SUBJECT, "is not known", sentence(advice_for(error)))
        return
    finally:
        await engine.dispose()
    for stream in WEB.streams(settings.stream.partitions):
        try:
            async with Stream(nats_url, stream) as source:
                await source.connect()
                place = places.get(stream.name)
                waiting = (await source.backlog_after(0 if place is None else place.seq)).messages
        except NoStream:
            yield good(_SUBJECT, "nothing is there to be forwarded yet")
        except StreamUnavailable:
            yield odd(_SUBJECT, "how much waits is not known", "See what is said of NATS.")
        else:
            yield _finding(stream.name, place, waiting)


def _finding(stream: str, place: Place | None, waiting: int) -> Finding:
    if place is None:
        return odd(_SUBJECT, f"has not begun with {stream}", "Is `collector project` running with COLLECTOR_FORWARD_URL?")
    refused = f", {place.refused:,} refused by the endpoint (the projector's log says which)" if place.refused else ""
    told = f"{place.forwarded:,} events of {stream} forwarded, {waiting:,} wait{refused}"
    if place.trouble:
        return odd(_SUBJECT, f"{told}: {place.trouble}", _KEPT)
    if waiting > _MANY:
        return odd(_SUBJECT, told, f"Is `collector project` running? {_KEPT}")
    return good(_SUBJECT, told)
