"""The front page says what the Flowcore collector is to whoever asks for JSON alone."""

import httpx
import pytest

from contracts.flowcore import INFO
from projections.app import create_app
from tests.projections.query.world import NOW, NOWHERE


@pytest.mark.parametrize(
    ("accept", "is_info"), [("application/json", True), ("text/html,application/json;q=0.9", False), ("*/*", False)]
)
async def test_who_asks_for_json_alone_is_told_what_it_is(accept: str, *, is_info: bool):
    app = create_app(
        database_url=NOWHERE, tenant="main", access_token="a token", public_url="http://localhost:8000", clock=lambda: NOW
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost:8000") as http:
        answer = await http.get("/", headers={"Accept": accept})
    assert (answer.status_code == 200 and answer.json() == INFO) is is_info
