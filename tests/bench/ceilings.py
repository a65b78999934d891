"""What ingest stands beside: servers that do less and less of what it does, under the same uvicorn with the same bounds."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime

import click
import uvloop
from litestar import Litestar, post
from nats.aio.client import Client

from collector.app import IngestApp, addresses
from collector.arrival import BodyRoom
from collector.asgi import App, Receive, Scope, Send, answer
from collector.outcomes import Stored, Unavailable, UnavailableReason
from collector.pipeline import Pipeline
from collector.privacy.client_ip import TrustedProxies
from collector.privacy.enrich.lists import Lists
from collector.privacy.pseudonym import TenantSecret
from collector.privacy.visitor import Salt
from collector.serving.listening import listen
from collector.serving.role import asgi, operated
from collector.serving.server import serve_until_told
from collector.serving.table import AddressTable, Owner
from collector.settings import read_settings
from collector.sites import AnySite
from collector.stream.parcel import wrap
from collector.stream.publisher import Publisher
from collector.stream.streams import Streams
from contracts.codec import CODEC
from contracts.events import WebEvent


class OneSalt:
    """A salt that is always at hand."""

    def __init__(self) -> None:
        self._salt = Salt(day=date(2026, 1, 1), key=secrets.token_bytes(32))

    def held(self, _: datetime) -> Salt:
        return self._salt


class NoPublish(Publisher):
    """Does what the publisher does, but for publishing: the answer is there at once."""

    def __init__(self) -> None:
        client = Client()
        super().__init__(client, Streams(client, max_bytes=1, replicas=1))

    def refuse_while_closed(self) -> None:
        """Refuse nothing: this client never connects."""

    def submit(self, event: WebEvent) -> "asyncio.Future[Stored]":
        parcel = wrap(event, codec=CODEC, deadline=0.0, outcome=self._loop.create_future())
        parcel.store(duplicate=False)
        return parcel.outcome


class NoSecrets:
    """No tenant's secret: nobody speaks of a person here."""

    def held(self, _: str) -> None:
        """Return nothing."""

    async def of(self, _: str) -> TenantSecret:
        """Raise Unavailable."""
        raise Unavailable(UnavailableReason.SECRET)


def route_without_publish() -> App:
    """Our own route and everything that the walk does, counted as always; nothing is published."""
    lists = Lists.load()
    lists.agents.warm()
    pipeline = Pipeline(
        sites=AnySite("main"),
        salts=OneSalt(),
        secrets=NoSecrets(),
        lists=lists,
        publisher=NoPublish(),
        clock=lambda: datetime.now(UTC),
        room=BodyRoom(),
    )
    app = IngestApp(pipeline, trusted=TrustedProxies())

    async def checks() -> dict[str, str]:
        return {}

    return operated(asgi(app), AddressTable({Owner.INGEST: addresses()}), read_settings({}).http, role="ingest", checks=checks)


def empty_handler() -> App:
    """An ordinary Litestar handler that reads nothing and does nothing."""

    @post("/api/event")
    async def nothing() -> None:
        return None

    return _with_readiness(Litestar(route_handlers=[nothing], openapi_config=None, logging_config=None))


def bare_asgi() -> App:
    """An ASGI application without any framework: it takes the body and says 204."""

    async def bare(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return _with_readiness(bare)


HANDLER = "empty @post handler"
ROUTE = "route without publish"
CEILINGS: dict[str, Callable[[], App]] = {HANDLER: empty_handler, ROUTE: route_without_publish, "bare ASGI": bare_asgi}


def _with_readiness(app: App) -> App:
    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/readyz":
            return await answer(send, 200, b"", [])
        return await app(scope, receive, send)

    return asked


async def serve(name: str, port: int) -> None:
    with listen("127.0.0.1", port) as bound:
        await serve_until_told(CEILINGS[name](), bound, begin_drain=lambda: None)


@click.command()
@click.argument("name", type=click.Choice(list(CEILINGS)))
@click.argument("port", type=int)
def main(name: str, port: int) -> None:
    """Serve one ceiling until told to stop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(name, port))


if __name__ == "__main__":
    main()
