"""Deleting a site with its facts over HTTP asks for its key, and happens once."""

import pytest

from tests.collector.control.admin.installed import Installed

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_site_is_deleted_for_its_key_alone_and_twice_is_once(there: Installed):
    site = "doomed.example"
    await there.ask("POST", "/v1/admin/sites", by="owner", body={"key": site})
    path = f"/v1/admin/sites/{site}"
    for name in ("", "doomed", "doomed.example.org"):
        answer = await there.ask("POST", f"{path}/erase", by="owner", body={"name": name})
        assert (answer.status_code, answer.json()["field"]) == (400, "name")
    assert (await there.ask("GET", path, by="owner")).json()["state"] == "open"
    first, again = [await there.ask("POST", f"{path}/erase", by="owner", body={"name": site}) for _ in range(2)]
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["site"]["state"] == "erasing"
    assert first.json()["seq"] == again.json()["seq"]
    assert (await there.ask("POST", f"{path}/restore", by="owner")).status_code == 409
