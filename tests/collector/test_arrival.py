"""A body is read whole and within its limits, and those that are still coming in share one room."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from collector.arrival import Arrival, BodyRoom, Disconnected, arrive, read_head
from collector.hit import A_PAGE
from collector.outcomes import Rejected, Unavailable, UnavailableReason
from collector.privacy.client_ip import TrustedProxies

SCOPE: dict[str, Any] = {"method": "POST", "path": "/", "query_string": b"", "headers": [], "client": ("192.0.2.1", 1)}
LIMIT = 100


class Client:
    """Sends *pieces* of a body, each when it is asked for one, and waits before the last until it may go on."""

    def __init__(self, *pieces: bytes) -> None:
        last = len(pieces) - 1
        messages = [{"type": "http.request", "body": piece, "more_body": at < last} for at, piece in enumerate(pieces)]
        self._messages: Iterator[dict[str, Any]] = iter(messages)
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def receive(self) -> dict[str, Any]:
        message = next(self._messages, {"type": "http.disconnect"})
        if not message.get("more_body", False):
            await self.may_end.wait()
        return message


async def read(client: Client, room: BodyRoom) -> Arrival:
    head = read_head(SCOPE, {}, TrustedProxies())
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return await arrive(head, client.receive, sender=A_PAGE, limit=LIMIT, room=room, clock=lambda: now)


@pytest.mark.parametrize("pieces", [(b"abc",), (b"", b"abc"), (b"a", b"b", b"c"), (b"abc", b"")])
async def test_a_body_is_the_same_in_whatever_pieces_it_comes(pieces: tuple[bytes, ...]):
    assert (await read(Client(*pieces), BodyRoom())).body == b"abc"


@pytest.mark.parametrize("pieces", [(b"x" * 101,), (b"x" * 60, b"x" * 60), (b"x" * 60, b"x" * 60, b"x" * 60)])
async def test_a_body_over_the_limit_is_refused(pieces: tuple[bytes, ...]):
    with pytest.raises(Rejected):
        await read(Client(*pieces), BodyRoom())


async def test_who_dawdles_takes_room_and_gives_it_back():
    room = BodyRoom(100)
    dawdlers = [Client(b"x" * 40, b"x") for _ in range(2)]
    for dawdler in dawdlers:
        dawdler.may_end.clear()
    dawdling = [asyncio.create_task(read(dawdler, room)) for dawdler in dawdlers]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as refused:
        await read(Client(b"x" * 40, b"x"), room)
    assert refused.value.reason is UnavailableReason.OVERLOADED
    # Who comes with everything at once takes no room.
    assert len((await read(Client(b"x" * 90), room)).body) == 90
    for dawdler in dawdlers:
        dawdler.may_end.set()
    assert [len(arrival.body) for arrival in await asyncio.gather(*dawdling)] == [41, 41]
    assert len((await read(Client(b"x" * 90, b"x"), room)).body) == 91


async def test_room_is_given_back_however_a_body_ends():
    room = BodyRoom(100)
    for _ in range(3):
        with pytest.raises(Rejected):
            await read(Client(b"x" * 90, b"x" * 20), BodyRoom(1000))
        with pytest.raises(Unavailable):
            await read(Client(b"x" * 90, b"x" * 20), room)
        with pytest.raises(Disconnected):
            await read(broken_off(), room)
    assert len((await read(Client(b"x" * 90, b"x"), room)).body) == 91


def broken_off() -> Client:
    client = Client(b"x" * 90, b"x")
    client._messages = iter([next(client._messages)])
    return client
