"""What a cluster answers in its first moments is asked again: nobody there yet, please wait, a consumer that takes its time."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from contracts.jetstream import JetStreamError
from projections.stream import Interrupted, NoStream, Stream, StreamUnavailable, connection, reader
from projections.stream.connection import Connection
from tests.facts import WEB, traffic
from tests.projections.world import Facts, until

ANSWER = b'{"name":"here"}'


@pytest.fixture
async def server(nats_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """What answers instead of JetStream, under a name of its own."""
    for module in (connection, reader):
        monkeypatch.setattr(module, "API", "api")
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 0.5)
    client = await nats.connect(nats_url)
    yield client
    await client.close()


@pytest.fixture
async def asking(nats_url: str) -> AsyncIterator[Connection]:
    asking = Connection(nats_url)
    await asking.open()
    yield asking
    await asking.close()


def refusal(code: int, err_code: int) -> bytes:
    return msgspec.json.encode({"error": {"code": code, "err_code": err_code}})


async def test_nobody_there_to_answer_is_asked_again(server: Client, asking: Connection):
    question = asyncio.create_task(asking.ask("STREAM.INFO"))
    await asyncio.sleep(0.05)

    async def answer(message: Msg) -> None:
        await message.respond(ANSWER)

    await server.subscribe("api.>", cb=answer)
    assert (await question).name == "here"


@pytest.mark.usefixtures("server")
async def test_nobody_there_for_long_is_said(asking: Connection):
    with pytest.raises(StreamUnavailable, match="JetStream does not answer"):
        await asking.ask("STREAM.INFO")


@pytest.mark.parametrize("please_wait", [refusal(503, 10008), refusal(500, 10118)], ids=["no leader", "offline"])
async def test_a_cluster_that_says_to_wait_is_asked_again(server: Client, asking: Connection, please_wait: bytes):
    answers = [please_wait, please_wait, ANSWER]

    async def answer(message: Msg) -> None:
        await message.respond(answers.pop(0))

    await server.subscribe("api.>", cb=answer)
    assert (await asking.ask("STREAM.INFO")).name == "here"


@pytest.mark.parametrize(("refused", "error"), [(refusal(404, 10059), NoStream), (refusal(400, 10025), JetStreamError)])
async def test_a_refusal_is_an_answer(server: Client, asking: Connection, refused: bytes, error: type[Exception]):
    asked = 0

    async def answer(message: Msg) -> None:
        nonlocal asked
        asked += 1
        await message.respond(refused)

    await server.subscribe("api.>", cb=answer)
    with pytest.raises(error):
        await asking.ask("STREAM.INFO")
    assert asked == 1


async def test_a_consumer_may_take_longer_than_other_answers(server: Client, nats_url: str):
    asked: list[bytes] = []

    async def answer(message: Msg) -> None:
        if "CREATE" in message.subject:
            asked.append(message.subject.encode() + message.data)
        if len(asked) == 1:
            return  # as a cluster does that has no leader
        if len(asked) == 2:
            await asyncio.sleep(2 * connection.ANSWER_SECONDS)  # reading from the disk
        await message.respond(ANSWER)

    await server.subscribe("api.>", cb=answer)
    async with Stream(nats_url, WEB) as stream:
        await stream.connect()
        async with stream.read_after(0):
            pass
    assert len(set(asked)) == 1, "asked twice, it is one consumer"


async def test_a_consumer_that_was_not_waited_for_is_taken_away(server: Client, nats_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reader, "CREATE_SECONDS", 0.2)
    subjects: list[str] = []

    async def stay_silent(message: Msg) -> None:
        subjects.append(message.subject)

    await server.subscribe("api.>", cb=stay_silent)
    async with Stream(nats_url, WEB) as stream:
        await stream.connect()
        with pytest.raises(StreamUnavailable):
            await stream.read_after(0).__aenter__()

        async def is_taken_away() -> bool:
            return len(subjects) > 1

        await until(is_taken_away)
    made, removed = subjects
    assert removed == made.replace("CREATE", "DELETE")


def make_late(monkeypatch: pytest.MonkeyPatch, after: float) -> None:
    """Let consumers be made only *after* some seconds, though it is said at once that they are."""
    ask = Connection.ask
    making: list[asyncio.Task[object]] = []

    async def ask_late(self: Connection, method: str, *question: object, **options: object) -> object:
        if not method.startswith("CONSUMER.CREATE"):
            return await ask(self, method, *question, **options)

        async def make() -> object:
            await asyncio.sleep(after)
            return await ask(self, method, *question, **options)

        making.append(asyncio.create_task(make()))
        return None

    monkeypatch.setattr(Connection, "ask", ask_late)


async def test_a_consumer_that_our_node_does_not_know_yet_is_asked_again(facts: Facts, monkeypatch: pytest.MonkeyPatch):
    await facts.publish(*traffic(3, seed=1))
    make_late(monkeypatch, after=0.3)
    got: list[object] = []
    async with Stream(facts.nats_url, facts.stream) as stream:
        await stream.connect()
        async with stream.read_after(0) as reading, asyncio.timeout(10):
            while len(got) < 3:
                got += await reading.next_batch()


async def test_a_consumer_that_nobody_ever_knows_is_not_asked_for_ever(facts: Facts, monkeypatch: pytest.MonkeyPatch):
    make_late(monkeypatch, after=60)
    monkeypatch.setattr(reader, "MISSED_REQUESTS", 2)
    async with Stream(facts.nats_url, facts.stream) as stream:
        await stream.connect()
        async with stream.read_after(0) as reading, asyncio.timeout(20):
            for _ in range(reader.MISSED_REQUESTS - 1):
                assert await reading.next_batch() == []
            with pytest.raises(Interrupted, match="503"):
                await until_it_ends(reading)


async def until_it_ends(reading: reader.Reader) -> None:
    while True:
        await reading.next_batch()
