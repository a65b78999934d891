"""Deciding over HTTP: twice is once, nobody decides over somebody else, and what is shown once is shown once."""

import re

import pytest

from contracts.control.people import Grant, Role
from contracts.keys import id_in
from tests.collector.control.admin.installed import SITE, Installed

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "http://localhost:8000"}


async def form(there: Installed, path: str, *, by: str = "owner", **fields: object):
    """Send a form as a page does, with its token in a field."""
    there.world.ask.cookies.clear()
    shown = there.shown[by]
    told = {"csrf": shown["x-csrf-token"], "next": "/keys#list", **fields}
    return await there.world.ask.post(path, data=told, headers={"Cookie": shown["Cookie"], "Origin": FORM["Origin"]})


async def test_what_is_added_twice_is_there_once(there: Installed):
    for path, body in (
        ("/v1/admin/tenants", {"name": "twice", "label": "Twice"}),
        ("/v1/admin/sites?tenant=acme", {"key": "twice.example", "timezone": "Europe/Oslo"}),
    ):
        first = await there.ask("POST", path, by="token", body=body)
        again = await there.ask("POST", path, by="token", body=body)
        assert (first.status_code, again.status_code) == (201, 200)
        thing = path.partition("?")[0].rpartition("/")[2].removesuffix("s")
        assert first.json()[thing] == again.json()[thing]
        other = await there.ask("POST", path, by="token", body=body | {"label": "other"})
        assert (other.status_code, other.json()["code"]) == (409, "conflict")


async def test_a_key_is_shown_once_also_to_who_asks_again(there: Installed):
    body, mark = {"scopes": ["ingest", "read"], "label": "the shop"}, {"Idempotency-Key": "order 7"}
    first = await there.ask("POST", "/v1/admin/keys", by="owner", body=body, **mark)
    again = await there.ask("POST", "/v1/admin/keys", by="owner", body=body, **mark)
    assert (first.status_code, again.status_code) == (201, 200)
    text = first.json()["text"]
    assert id_in(text) == first.json()["key"]["id"] == again.json()["key"]["id"]
    assert again.json()["text"] is None
    assert (await there.ask("POST", "/v1/admin/keys", by="owner", body=body | {"label": "x"}, **mark)).status_code == 409
    path = f"/v1/admin/keys/{first.json()['key']['id']}"
    rotated = [await there.ask("POST", f"{path}/rotate", by="owner", body={"idempotency_key": "order 8"}) for _ in range(2)]
    assert [answer.status_code for answer in rotated] == [201, 200]
    shown = await there.ask("GET", path, by="owner")
    assert text not in shown.text + (await there.ask("GET", "/v1/admin/keys", by="owner")).text
    assert shown.json()["works"]
    assert shown.json()["ends_at"] is not None


async def test_whoever_saw_another_version_decides_nothing(there: Installed):
    path = f"/v1/admin/sites/{SITE}"
    version = (await there.ask("GET", path, by="owner")).json()["version"]
    body = {"label": "first", "timezone": "UTC"}
    first = await there.ask("POST", f"{path}/describe", by="owner", body=body, **{"If-Match": f'"{version}"'})
    assert first.headers["etag"] == f'"{version + 1}"'
    stale = [
        await there.ask("POST", f"{path}/describe", by="owner", body=body | {"label": "2"}, **{"If-Match": f'"{version}"'}),
        await there.ask("POST", f"{path}/describe", by="owner", body=body | {"label": "2", "expected_version": version}),
        await form(there, f"{path}/describe", label="2", timezone="UTC", expected_version=version),
    ]
    assert [answer.status_code for answer in stale] == [409] * 3
    broken = await there.ask("POST", f"{path}/archive", by="owner", **{"If-Match": "newest"})
    assert (broken.status_code, broken.json()["field"]) == (400, "expected_version")


async def test_what_is_wrong_is_named_by_its_field_and_not_quoted(there: Installed):
    site = f"/v1/admin/sites/{SITE}"
    for path, body, field in (
        ("/v1/admin/sites", {"key": "not a host"}, "key"),
        ("/v1/admin/sites", {"key": "ok.example", "timezone": "Oslo-quoted"}, "timezone"),
        (f"{site}/origins", {"origins": "shop-quoted.example"}, "origins"),
        (f"{site}/exclusions", {"countries": ["Norway-quoted"]}, "countries"),
        (f"{site}/goals", {"name": "Quoted-quoted"}, "page"),
        (f"{site}/goals", {"name": "x", "event": "y", "value": "quoted"}, "value"),
        (f"{site}/goals", {"name": "x", "event": "y", "props": "quoted"}, "props"),
        (f"{site}/goals", {"name": "x", "event": "y", "amount": "quoted", "currency": "EUR"}, "amount"),
        (f"{site}/goals", {"name": "x", "event": "y", "goal": "Quoted"}, "goal"),
        (f"{site}/funnels", {"name": "x", "steps": "/quoted"}, "steps"),
        (f"{site}/funnels", {"name": "x", "steps": ["/a", {"page": "/b", "event": "quoted"}]}, "steps"),
        (f"{site}/funnels", {"name": "x", "steps": "/a\n/b", "window_seconds": "quoted"}, "window_seconds"),
        (f"{site}/funnels", {"name": "x", "steps": "/a\n/b", "window_seconds": 86_401}, "window_seconds"),
        ("/v1/admin/keys", {"scopes": "quoted"}, "scopes"),
        ("/v1/admin/keys", {"scopes": "read", "kind": "public"}, "scopes"),
        ("/v1/admin/keys", {"scopes": "read", "expires_at": "quoted"}, "expires_at"),
        ("/v1/admin/keys", {"scopes": "read", "expires_at": "9999-12-31T23:59:59-23:00"}, "expires_at"),
        ("/v1/admin/members/invite", {"role": "quoted"}, "role"),
        ("/v1/admin/members/invite", {}, "role"),
    ):
        answer = await there.ask("POST", path, by="owner", body=body)
        assert (answer.status_code, answer.json()["field"]) == (400, field), path
        assert "quoted" not in answer.text
    for limit in ("0", "501", "x", "9" * 99):
        assert (await there.ask("GET", f"/v1/admin/sites?limit={limit}", by="owner")).json()["field"] == "limit"


async def test_a_taken_name_is_refused_without_saying_whose(there: Installed):
    said = [
        await there.ask("POST", f"/v1/admin/sites/{SITE}/names", by="owner", body={"name": "other.example"}),
        await there.ask("POST", "/v1/admin/sites", by="owner", body={"key": "other.example"}),
    ]
    assert [answer.status_code for answer in said] == [409, 409]
    assert not any("other" in answer.text.replace("another", "") for answer in said)


async def test_a_list_comes_in_pages(there: Installed):
    for number in range(5):
        await there.ask("POST", "/v1/admin/sites", by="owner", body={"key": f"page{number}.example"})
    seen: list[str] = []
    after = ""
    while True:
        page = (await there.ask("GET", f"/v1/admin/sites?limit=2&after={after}", by="owner")).json()
        seen += [site["key"] for site in page["items"]]
        if (after := page["next"]) is None:
            break
        assert len(page["items"]) == 2
    assert seen == sorted(set(seen))
    assert {f"page{number}.example" for number in range(5)} <= set(seen)


async def test_a_form_leads_on_and_lists_a_line_each(there: Installed):
    ruled = await form(there, f"/v1/admin/sites/{SITE}/exclusions", paths="/a\r\n\r\n/b*\r\n", countries=["NO", "SE"], hosts="")
    assert ruled.status_code == 303
    assert re.fullmatch(r"/keys\?after=\d+#list", ruled.headers["location"])
    exclusions = (await there.ask("GET", f"/v1/admin/sites/{SITE}", by="owner")).json()["exclusions"]
    assert exclusions == {"paths": ["/a", "/b*"], "countries": ["NO", "SE"], "hosts": [], "referrers": []}


async def test_a_form_gets_its_key_on_a_page_of_its_own(there: Installed):
    told = {"scopes": ["ingest", "read"], "site": "", "expires_at": "2027-01-31", "idempotency_key": "once"}
    answer = await form(there, "/v1/admin/keys", **told)
    assert (answer.status_code, answer.headers["content-type"]) == (201, "text/html; charset=utf-8")
    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    (text,) = re.findall(r"ck_[0-9a-z]+_[A-Za-z0-9_-]{43}", answer.text)
    assert re.search(r'href="/keys\?after=\d+#list"', answer.text)
    reloaded = await form(there, "/v1/admin/keys", **told)
    assert reloaded.status_code == 303
    assert text not in reloaded.headers["location"]
    invited = await form(there, "/v1/admin/members/invite", role="viewer", site=SITE)
    assert "/join#" in invited.text


async def test_an_owner_gives_and_takes_what_is_theirs(there: Installed):
    both = [{"role": "viewer", "tenant": "acme"}, {"role": "editor", "tenant": "other"}]
    short = (await there.ask("POST", "/v1/admin/members/invite", by="token", body={"grants": both})).json()["member"]
    seen = (await there.ask("GET", "/v1/admin/members?limit=500", by="owner")).json()["items"]
    assert next(member["grants"] for member in seen if member["id"] == short) == both[:1]
    body = {"grants": [{"role": "editor", "tenant": "acme"}]}
    await there.ask("POST", f"/v1/admin/members/{short}/grants", by="owner", body=body)
    member = await there.world.desk.roster.member(short)
    assert member is not None
    assert set(member.grants) == {Grant(role=Role.EDITOR, tenant="other"), Grant(role=Role.EDITOR, tenant="acme")}
    for more in (both[1:], [{"role": "viewer"}], [{"role": "viewer", "tenant": "none"}]):
        refused = await there.ask("POST", f"/v1/admin/members/{short}/grants", by="owner", body={"grants": more})
        assert (refused.status_code, refused.json()["code"]) == (403, "role")
    everywhere = await there.ask("POST", "/v1/admin/members/invite", by="owner", body={"role": "owner", "tenant": "*"})
    assert everywhere.status_code == 403
    await there.ask("POST", f"/v1/admin/members/{short}/remove", by="owner")
    member = await there.world.desk.roster.member(short)
    assert member is not None
    assert member.grants == (Grant(role=Role.EDITOR, tenant="other"),)
    assert (await there.ask("POST", f"/v1/admin/members/{short}/remove", by="owner")).status_code == 404


async def test_whoever_has_not_joined_gets_another_link_and_the_former_ends(there: Installed):
    body = {"role": "viewer"}
    first = (await there.ask("POST", "/v1/admin/members/invite", by="owner", body=body)).json()
    renewal = body | {"member": first["member"]}
    again = (await there.ask("POST", "/v1/admin/members/invite", by="owner", body=renewal)).json()
    assert again["member"] == first["member"]
    worth = []
    for link in (first["link"], again["link"]):
        (secret,) = re.findall(r"[0-9a-z]+\.[0-9a-f]{64}", link)
        worth.append((await there.ask("POST", "/v1/admin/invitations/look", body={"invitation": secret})).status_code)
    assert worth == [404, 200]
    foreign = await there.ask("POST", "/v1/admin/members/invite", by="foreign owner", body=renewal)
    unknown = await there.ask("POST", "/v1/admin/members/invite", by="foreign owner", body=body | {"member": "0" * 16})
    assert (foreign.status_code, foreign.text) == (404, unknown.text)


async def test_a_token_that_was_exchanged_decides_as_its_key_and_ends_with_it(there: Installed):
    made = (await there.ask("POST", "/v1/admin/keys", by="owner", body={"scopes": "admin"})).json()
    token = (await there.ask("POST", "/v1/token", **{"X-API-Key": made["text"]})).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await there.ask("GET", "/v1/admin/keys", **bearer)).status_code == 200
    await there.ask("POST", f"/v1/admin/keys/{made['key']['id']}/revoke", by="owner")
    assert (await there.ask("GET", "/v1/admin/keys", **bearer)).status_code == 401
    assert (await there.ask("GET", "/v1/admin/keys", Authorization="Bearer a.b.c")).status_code == 401


async def test_who_decided_stands_in_the_event(there: Installed):
    for by, actor in (("token", "token"), ("key", f"key:{there.keys['key']}"), ("owner", f"member:{there.members['owner']}")):
        key = f"by-{by}.example"
        await there.ask("POST", "/v1/admin/sites", by=by, body={"key": key}, **{"X-Tenant-Id": "acme"})
        events = await there.world.plane.run(lambda plane, key=key: list(plane.events.get(f"site:acme:{key}")))
        assert {event.by for event in events} == {actor}


async def test_goals_and_funnels_are_decided_in_every_way_that_one_may_write_them(there: Installed):
    site = f"/v1/admin/sites/{SITE}"
    plain = {"name": "Sale", "event": "Purchase", "props": "plan=pro\nseats>=2", "value": "revenue"}
    first = await there.ask("POST", f"{site}/goals", by="editor", body=plain)
    parts = [{"name": "plan", "value": "pro"}, {"name": "seats", "value": "2", "test": "at_least"}]
    again = await there.ask("POST", f"{site}/goals", by="token", body=plain | {"props": parts}, **{"X-Tenant-Id": "acme"})
    assert (first.status_code, again.status_code) == (201, 200), again.text
    assert first.json() == again.json()
    sent = await form(there, f"{site}/goals", by="editor", name="Worth", page="/paid*", amount="9.90", currency="EUR")
    assert sent.status_code == 303, sent.text
    again = {
        "name": "Worth",
        "page": "/paid/*",
        "event": "",
        "props": "",
        "amount": "",
        "currency": "",
        "expected_version": "1",
    }
    assert (await form(there, f"{site}/goals/worth", by="editor", **again)).status_code == 303
    shown = (await there.ask("GET", f"{site}/goals/worth", by="viewer")).json()
    assert (shown["page"], shown["amount"], shown["version"]) == ("/paid/*", None, 2)
    assert (await form(there, f"{site}/goals/worth", by="editor", **again)).status_code == 409, "somebody was first"
    steps = [{"page": "/pricing*", "label": "Saw a price"}, {"event": "Purchase", "props": ["plan=pro"]}]
    added = await there.ask("POST", f"{site}/funnels", by="editor", body={"name": "Sales", "steps": steps})
    assert added.json()["funnel"]["steps"][1]["props"] == [{"name": "plan", "value": "pro"}]
    sent = await form(there, f"{site}/funnels/sales", by="editor", name="Sales", steps="/a\n/b\n", window_seconds="3600")
    assert sent.status_code == 303, sent.text
    shown = await there.ask("GET", f"{site}/funnels/sales", by="viewer")
    assert ([step["page"] for step in shown.json()["steps"]], shown.json()["version"]) == (["/a", "/b"], 2)
    gone = await form(there, f"{site}/goals/sale/withdraw", by="editor", expected_version="1")
    assert gone.status_code == 303, gone.text
    listed = await there.ask("GET", f"{site}/goals", by="viewer")
    assert {"worth"} <= {one["goal"] for one in listed.json()["items"]}
    assert "sale" not in {one["goal"] for one in listed.json()["items"]}
    assert (await there.ask("GET", f"{site}/goals/sale", by="viewer")).json()["is_withdrawn"]
    for path in ("goals/none", "funnels/none", "goals/*", "goals/a%20b"):
        assert (await there.ask("GET", f"{site}/{path}", by="viewer")).status_code == 404
        assert (await there.ask("POST", f"{site}/{path}/withdraw", by="editor")).status_code == 404
