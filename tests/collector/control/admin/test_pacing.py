"""The pace of the administration: one key, or one member, is told to wait, and nobody else is."""

import pytest

from tests.collector.control.admin.installed import Installed

pytestmark = pytest.mark.asyncio(loop_scope="module")
AT_ONCE = 100


@pytest.mark.parametrize("asker", ["owner", "key"])
async def test_whoever_asks_too_much_waits_and_others_do_not(there: Installed, asker: str, monkeypatch: pytest.MonkeyPatch):
    now = 1e9
    pacing = getattr(there.world.desk, "pacing", None)
    monkeypatch.setattr(pacing, "_clock", lambda: now, raising=False)
    asked = [await there.ask("GET", "/v1/admin/sites", by=asker) for _ in range(AT_ONCE + 1)]
    assert {answer.status_code for answer in asked[:-1]} == {200}
    last = asked[-1]
    assert (last.status_code, last.headers["retry-after"]) == (429, "1")
    assert last.json()["code"] == "rate_limited"
    assert asked[0].headers["x-ratelimit-remaining"] == str(AT_ONCE - 1)
    assert (last.headers["x-ratelimit-limit"], last.headers["x-ratelimit-remaining"]) == (str(AT_ONCE), "0")
    others = [(await there.ask("GET", "/v1/admin/sites", by=other)).status_code for other in ("token", "foreign owner")]
    assert others == [200, 200]
    now += 1
    assert (await there.ask("GET", "/v1/admin/sites", by=asker)).status_code == 200
