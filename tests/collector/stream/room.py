"""How much room the streams of these tests have."""

from nats.aio.client import Client

from collector.stream.streams import Streams

ROOM = 1 << 28


def streams(client: Client, *, max_bytes: int = ROOM) -> Streams:
    return Streams(client, max_bytes=max_bytes, replicas=1)
