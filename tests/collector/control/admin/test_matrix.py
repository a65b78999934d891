"""Every address of the administration times everybody who may ask: each is told what is theirs, and nobody what is not."""

from typing import Any

import pytest
from msgspec import Struct

from collector.control.admin import create_admin
from collector.serving.role import claims_of
from tests.collector.control.admin.installed import SITE, SPARE, Installed

pytestmark = pytest.mark.asyncio(loop_scope="module")

INSTALLATION, OWNERS, EDITORS, VIEWERS, A_SESSION, ANYBODY = (
    "installation",
    "owners",
    "editors",
    "viewers",
    "session",
    "anybody",
)


class Row(Struct, frozen=True):
    """An address: who may ask there, what is sent, and what stands in for its id."""

    who: str
    body: dict[str, Any] | None = None
    id: str = ""


KEY = {"scopes": ["ingest"]}
# What both are called where they are decided about one by one, on the site that the address names first.
WANTED = "wanted"
GOAL = {"name": WANTED, "event": "Signup"}
FUNNEL = {"name": WANTED, "steps": "/pricing*\nSignup"}
ERASE = "/v1/admin/sites/{site}/erase"
ROWS = {
    ("POST", "/v1/admin/sessions"): Row(ANYBODY),
    ("GET", "/v1/admin/sessions"): Row(A_SESSION),
    ("DELETE", "/v1/admin/sessions"): Row(A_SESSION),
    ("POST", "/v1/admin/sessions/end"): Row(A_SESSION),
    ("DELETE", "/v1/admin/sessions/{session}"): Row(A_SESSION),
    ("POST", "/v1/admin/password"): Row(A_SESSION, {"old": "", "new": ""}),
    ("POST", "/v1/admin/invitations/look"): Row(ANYBODY),
    ("POST", "/v1/admin/invitations/take"): Row(ANYBODY),
    ("POST", "/v1/token"): Row(ANYBODY),
    **{("POST", f"{mount}{path}"): Row(ANYBODY) for mount in ("", "/nodash") for path in ("/auth/token", "/v1/auth/token")},
    ("GET", "/v1/admin/tenants"): Row(INSTALLATION),
    ("POST", "/v1/admin/tenants"): Row(INSTALLATION, {"name": "new"}),
    ("GET", "/v1/admin/tenants/{tenant_name}"): Row(INSTALLATION, id="acme"),
    ("POST", "/v1/admin/tenants/{tenant_name}/label"): Row(INSTALLATION, {"label": "A"}, "acme"),
    ("POST", "/v1/admin/tenants/{tenant_name}/archive"): Row(INSTALLATION, id="gone"),
    ("POST", "/v1/admin/tenants/{tenant_name}/restore"): Row(INSTALLATION, id="acme"),
    ("GET", "/v1/admin/sites"): Row(VIEWERS),
    ("POST", "/v1/admin/sites"): Row(EDITORS, {"key": "new.example"}),
    ("GET", "/v1/admin/sites/{site}"): Row(VIEWERS, id=SITE),
    ("POST", "/v1/admin/sites/{site}/describe"): Row(EDITORS, {"label": "A", "timezone": "UTC"}, SITE),
    ("POST", "/v1/admin/sites/{site}/names"): Row(EDITORS, {"name": "alias.example"}, SITE),
    ("POST", "/v1/admin/sites/{site}/names/remove"): Row(EDITORS, {"name": "alias.example"}, SITE),
    ("POST", "/v1/admin/sites/{site}/origins"): Row(EDITORS, {"origins": []}, SITE),
    ("POST", "/v1/admin/sites/{site}/exclusions"): Row(EDITORS, {"paths": "/a\n/b"}, SITE),
    ("POST", "/v1/admin/sites/{site}/bind"): Row(EDITORS, {"mount": "minigem"}, SITE),
    ("POST", "/v1/admin/sites/{site}/unbind"): Row(EDITORS, {"mount": "minigem"}, SITE),
    ("POST", "/v1/admin/sites/{site}/reads"): Row(EDITORS, {"reads": "public"}, SITE),
    ("POST", "/v1/admin/sites/{site}/archive"): Row(EDITORS, id=SPARE),
    ("POST", "/v1/admin/sites/{site}/restore"): Row(EDITORS, id=SPARE),
    ("POST", ERASE): Row(OWNERS, {"name": SPARE}, SPARE),
    ("GET", "/v1/admin/sites/{site}/policy"): Row(VIEWERS, id=SITE),
    ("PUT", "/v1/admin/sites/{site}/policy"): Row(EDITORS, {"identity": "anonymous"}, SITE),
    ("POST", "/v1/admin/sites/{site}/policy"): Row(EDITORS, {"identity": "plain"}, SITE),
    ("GET", "/v1/admin/sites/{site}/goals"): Row(VIEWERS, id=SITE),
    ("POST", "/v1/admin/sites/{site}/goals"): Row(EDITORS, GOAL, SITE),
    ("GET", "/v1/admin/sites/{site}/goals/{goal}"): Row(VIEWERS, id=SITE),
    ("POST", "/v1/admin/sites/{site}/goals/{goal}"): Row(EDITORS, GOAL, SITE),
    ("POST", "/v1/admin/sites/{site}/goals/{goal}/withdraw"): Row(EDITORS, id=SITE),
    ("GET", "/v1/admin/sites/{site}/funnels"): Row(VIEWERS, id=SITE),
    ("POST", "/v1/admin/sites/{site}/funnels"): Row(EDITORS, FUNNEL, SITE),
    ("GET", "/v1/admin/sites/{site}/funnels/{funnel}"): Row(VIEWERS, id=SITE),
    ("POST", "/v1/admin/sites/{site}/funnels/{funnel}"): Row(EDITORS, FUNNEL, SITE),
    ("POST", "/v1/admin/sites/{site}/funnels/{funnel}/withdraw"): Row(EDITORS, id=SITE),
    ("GET", "/v1/admin/keys"): Row(OWNERS),
    ("POST", "/v1/admin/keys"): Row(OWNERS, KEY),
    ("GET", "/v1/admin/keys/{key}"): Row(OWNERS, id="spare"),
    ("POST", "/v1/admin/keys/{key}/rotate"): Row(OWNERS, id="spare"),
    ("POST", "/v1/admin/keys/{key}/revoke"): Row(OWNERS, id="spare"),
    ("GET", "/v1/admin/members"): Row(OWNERS),
    ("POST", "/v1/admin/members/invite"): Row(OWNERS, {"role": "viewer"}),
    ("POST", "/v1/admin/members/{member}/grants"): Row(OWNERS, {"role": "viewer"}, "viewer"),
    ("POST", "/v1/admin/members/{member}/remove"): Row(OWNERS, id="viewer"),
}
SAID_ALIKE = ("malformed key", "nobody's key", "revoked key", "expired key", "key of an archived tenant")
SIGNED_OUT = ("nobody", "removed", "signed out")
WRONG_SCOPE = ("wrong scope", "public key")
MAY = {
    INSTALLATION: ("token",),
    OWNERS: ("token", "key", "owner"),
    EDITORS: ("token", "key", "owner", "editor"),
    VIEWERS: ("token", "key", "owner", "editor", "viewer"),
}
MAY_NOT = {
    INSTALLATION: ("key", "key of a site", "foreign key", "owner", "editor", "viewer", "foreign owner"),
    OWNERS: ("editor", "viewer", "editor of a site"),
    EDITORS: ("viewer",),
    VIEWERS: (),
}
DECIDED = [pytest.param(address, row, id=" ".join(address)) for address, row in ROWS.items() if row.who in MAY]


async def test_every_address_has_a_row():
    claims = {(method, path) for method, path in claims_of(create_admin(None)) if not path.startswith("/v1/admin/schema")}
    assert set(ROWS) == claims, "say who may ask there"


@pytest.mark.parametrize(("address", "row"), DECIDED)
async def test_nobody_is_told_what_is_not_theirs(there: Installed, address: tuple[str, str], row: Row):
    method, template = address
    own, unknown = (filled(there, template, id_) for id_ in (row.id, "0" * 16))

    async def asked(by: str, path: str = own, **headers: str) -> tuple[int, str]:
        answer = await there.ask(method, path, by=by, body=row.body, **headers)
        return answer.status_code, answer.text

    answers = {by: await asked(by) for by in (*SAID_ALIKE, *SIGNED_OUT, *WRONG_SCOPE, *MAY_NOT[row.who])}
    assert {answers[by] for by in SAID_ALIKE} == {answers[SAID_ALIKE[0]]}
    assert {answers[by][0] for by in (*SAID_ALIKE, *SIGNED_OUT)} == {401}
    assert {answers[by][0] for by in (*WRONG_SCOPE, *MAY_NOT[row.who])} == {403}
    assert (await asked("foreign owner", **{"X-Tenant-Id": "acme"})) == (await asked("foreign key", **{"X-Tenant-Id": "none"}))
    assert (await asked("of an archived tenant"))[0] == 403
    if method != "GET":
        assert (await asked("without the form's token"))[0] == 403
    if not row.id:
        return
    for by in (*MAY_NOT[row.who], "foreign key", "foreign owner", "key of a site"):
        # What one may not, one may not whether there is such a thing or not; and what is somebody else's is not there.
        is_own = by == "key of a site" and row.id == SITE
        assert is_own or await asked(by) == await asked(by, unknown)
    if row.who != INSTALLATION:
        assert (await asked("foreign key"))[0] == 404
    for by in MAY[row.who]:
        assert (await asked(by, unknown))[0] == 404


def filled(there: Installed, template: str, id_: str) -> str:
    """Return the address of the thing *id_*; of a key or a member, by what it is called here."""
    template = template.replace("{goal}", WANTED).replace("{funnel}", WANTED)
    id_ = there.keys.get(id_, id_) if "{key}" in template else there.members.get(id_, id_) if "{member}" in template else id_
    return template[: template.index("{")] + id_ + template[template.index("}") + 1 :] if "{" in template else template


async def test_who_may_is_answered(there: Installed):
    # In the order of the table: of what is revoked and removed in the end there is one for the last alone.
    for by in ("viewer", "editor", "owner", "key", "token"):
        for (method, template), row in ROWS.items():
            if by not in MAY.get(row.who, ()) or template.endswith(("/remove", "/revoke", "/grants", "/erase")):
                continue
            tenant = {"X-Tenant-Id": "acme"}
            answer = await there.ask(method, filled(there, template, row.id), by=by, body=row.body, **tenant)
            assert answer.status_code in (200, 201), (by, method, template, answer.text)
            assert method == "GET" or answer.json()["seq"] > 0
    for template in (
        "/v1/admin/keys/{key}/revoke",
        "/v1/admin/members/{member}/grants",
        "/v1/admin/members/{member}/remove",
        ERASE,
    ):
        row = ROWS["POST", template]
        answer = await there.ask("POST", filled(there, template, row.id), by="owner", body=row.body)
        assert answer.status_code == 200


async def test_lists_hold_what_is_ones_own(there: Installed):
    for what in ("sites", "keys", "members"):
        seen = {}
        for by in ("token", "key", "foreign key", "foreign owner", "key of a site"):
            answer = await there.ask("GET", f"/v1/admin/{what}?limit=500", by=by)
            seen[by] = {item.get("id") or item["key"] for item in answer.json()["items"]}
        assert seen["foreign key"] == seen["foreign owner"]
        assert seen["foreign key"].isdisjoint(seen["key"])
        assert seen["key of a site"] < seen["key"]
    sites = await there.ask("GET", "/v1/admin/sites", by="editor of a site")
    assert [item["key"] for item in sites.json()["items"]] == [SITE]


async def test_of_one_site_the_others_are_not_there(there: Installed):
    for by in ("editor of a site", "key of a site"):
        for (method, template), row in ROWS.items():
            if not template.startswith("/v1/admin/sites/{site}"):
                continue
            other, unknown = (filled(there, template, site) for site in (SPARE, "none.example"))
            answers = [await there.ask(method, path, by=by, body=row.body) for path in (other, unknown)]
            refusal = 403 if template == ERASE and by == "editor of a site" else 404
            assert {answer.status_code for answer in answers} == {refusal}, (by, method, template)
            assert len({answer.text for answer in answers}) == 1
