"""Forms as browsers send them without scripts: what is wrong is said on a page, and what no form shows stays as it is."""

import pytest

from contracts.control.people import Grant, Role
from tests.collector.control.admin.installed import SITE, Installed
from tests.collector.control.admin.test_administration import form

pytestmark = pytest.mark.asyncio(loop_scope="module")

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


async def test_a_form_that_is_refused_is_told_so_on_a_page_that_leads_back(there: Installed):
    there.world.ask.headers["Accept"] = BROWSER
    answer = await form(there, f"/v1/admin/sites/{SITE}/names", name="<b>no name</b>", next="/sites/x/settings?a=1&b=2")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert "Send a name such as shop.example" in answer.text
    assert '<a href="/sites/x/settings?a=1&amp;b=2">Back</a>' in answer.text
    assert "<b>" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    there.world.ask.headers["Accept"] = "application/json"
    answer = await form(there, f"/v1/admin/sites/{SITE}/names", name="no name")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


async def test_a_role_of_one_tenant_leaves_those_of_others_as_they_are(there: Installed):
    member = there.members["viewer"]
    elsewhere = Grant(role=Role.EDITOR, tenant="other")
    both = {"grants": [{"role": "viewer", "tenant": "acme"}, {"role": "editor", "tenant": "other"}]}
    await there.ask("POST", f"/v1/admin/members/{member}/grants", by="token", body=both)
    role = {"role": "editor", "tenant": "acme", "site": SITE}
    changed = await there.ask("POST", f"/v1/admin/members/{member}/grants", by="token", body=role)
    assert changed.status_code == 200, changed.text
    found = there.world.plane
    grants = (await found.run(lambda plane: plane.members.find(member))).grants
    assert set(grants) == {elsewhere, Grant(role=Role.EDITOR, tenant="acme", site=SITE)}
