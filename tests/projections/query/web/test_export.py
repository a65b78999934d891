"""An export has every row, comes as the database gives it, and is never taken for whole where it is not."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from projections.query.problems import Refused
from projections.query.web.export import AT_ONCE, Turns
from tests.facts import pageview
from tests.projections.query.world import NOW, World

PAGES = 1100
CSV = "/api/stats/example.org/breakdown/page.csv"


@pytest.fixture
async def many(world: World) -> AsyncIterator[World]:
    """A site with more pages than an answer may have rows."""
    await world.tell(*(pageview(f"/article/{number:04}", at=NOW) for number in range(PAGES)))
    yield world
    assert world.app is not None
    await asyncio.wait_for(released(world), 20)


async def released(world: World) -> None:
    while world.app is not None and world.app.state.engine.pool.checkedout():
        await asyncio.sleep(0)


async def test_of_more_pages_than_an_answer_may_have_the_export_has_all(many: World):
    answer = await many.get(CSV, period="today")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["page", "visitors", "share", "pageviews"]
    assert [row[0] for row in rows[1:]] == [f"/article/{number:04}" for number in range(PAGES)]
    assert "x-collector-more" not in answer.headers
    assert 'filename="example.org-page-2026-11-18-2026-11-18.csv"' in answer.headers["content-disposition"]
    links = await many.page("/sites/example.org", period="today")
    assert 'breakdown/page.csv?period=today"' in links, "without a limit, so that a click gives all"


async def test_an_export_that_was_asked_to_be_short_says_that_there_is_more(many: World):
    cut = await many.get(CSV, period="today", limit=1000)
    assert (cut.text.count("\n"), cut.headers["x-collector-more"]) == (1001, "true")
    assert cut.headers["content-disposition"].endswith('-first-1000.csv"')
    whole = await many.get(CSV, period="today", limit=1000, filter="page:/article/0001")
    assert "x-collector-more" not in whole.headers
    assert "first" not in whole.headers["content-disposition"]


class Listener:
    """Takes an answer as a server does, piece by piece; *then* is done behind the first piece of the body."""

    def __init__(self, then: Any = None) -> None:
        self.then = then
        self.gone = asyncio.Event()
        self.status = 0
        self.pieces: list[bytes] = []
        self.is_whole = False

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self.pieces.append(message["body"])
        if not message.get("more_body", False):
            self.is_whole = True
            self.gone.set()
        if self.then is not None and len(self.pieces) == 1:
            await self.then()


async def listen(world: World, listener: Listener) -> None:
    headers = [(b"host", b"localhost:8000")]
    about = {"query_string": b"period=today", "headers": headers, "client": ("127.0.0.1", 1), "server": ("localhost", 8000)}
    scope = {"type": "http", "method": "GET", "path": CSV, "raw_path": CSV.encode(), "scheme": "http", "root_path": "", **about}
    app: Any = world.app
    await app({**scope, "state": {}, "http_version": "1.1", "asgi": {"version": "3.0"}}, listener.receive, listener.send)


async def test_it_is_handed_on_some_rows_at_a_time(many: World):
    listener = Listener()
    await listen(many, listener)
    assert [piece.count(b"\n") for piece in listener.pieces] == [1001, PAGES - 1000, 0]
    assert listener.is_whole


async def test_what_breaks_off_is_not_taken_for_whole(many: World, monkeypatch: pytest.MonkeyPatch):
    async def kill() -> None:
        connection = await asyncpg.connect(many.database_url)
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'collector query' AND datname = current_database()"
        )
        await connection.close()

    monkeypatch.setattr("projections.query.counts.ROWS_AT_A_TIME", 100)
    listener = Listener(kill)
    with pytest.raises(BaseException):  # noqa: B017, PT011  # by which the server knows that it has to break off
        await listen(many, listener)
    assert (listener.status, listener.is_whole) == (200, False)
    assert sum(piece.count(b"\n") for piece in listener.pieces) < PAGES


async def test_before_anything_is_sent_it_is_refused_in_words(many: World):
    answer = await many.get("/api/stats/example.org/breakdown/page.csv", period="tomorrow")
    assert (answer.status_code, answer.json()["field"]) == (400, "period")
    answer = await many.get("/api/stats/nobodys..example/breakdown/page.csv")
    assert answer.status_code == 404


async def test_who_leaves_gives_the_room_back(many: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("projections.query.counts.ROWS_AT_A_TIME", 100)
    for _ in range(2 * AT_ONCE):
        listener = Listener()

        async def leave(listener: Listener = listener) -> None:
            listener.gone.set()
            await asyncio.Event().wait()

        listener.then = leave
        await listen(many, listener)
        assert not listener.is_whole
    assert (await many.get(CSV, period="today")).text.count("\n") == PAGES + 1


async def test_more_exports_than_there_is_room_for_wait_their_turn():
    turns = Turns(patience=0.01)
    async with turns.turn(), turns.turn():
        with pytest.raises(Refused, match="No answer"):
            async with turns.turn():
                raise AssertionError("there is no room")
    async with turns.turn():
        pass
