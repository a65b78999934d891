"""The ledger of everybody on its page: what names no site, what names nobody, and who may see which of them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.control.people import Grant, Role
from contracts.sessions import COOKIE as SESSION_COOKIE
from contracts.tallies import Ending, hour_of
from projections.query.definitions import OF_THE_LEDGER
from projections.query.ledger.numbers import LEDGER_NUMBERS
from tests.facts import pageview
from tests.projections.control.deciding import decided, issued, joined, new_key, site, started, tenant
from tests.projections.query.world import NOW, World
from tests.projections.tallies.telling import OTHER_RUN, head, line, part
from tests.projections.tallies.two_sides import told_and_read

BEFORE = hour_of(NOW) - timedelta(hours=1)
YESTERDAY = BEFORE - timedelta(days=1)
UNKNOWN = Ending.DROPPED, "unknown_site"


async def tell(world: World, *more: Any) -> None:
    """Have hits of a site, hits that name none, and hits that name nobody, by a process that has told from the first day on."""
    await world.tell(pageview(at=YESTERDAY, received_at=YESTERDAY + timedelta(minutes=5)))
    lines = [line(1), line(7, *UNKNOWN, site="stranger.example"), line(5, Ending.REFUSED, "credential", site="", tenant="")]
    lived = replace(head(run="1" * 16, ended=True), started_at=NOW - timedelta(days=9))
    await told_and_read(world.database_url, lived, part(*lines, at=YESTERDAY), *more, until=NOW)


def section(page: str, id_: str) -> str:
    return page.partition(f'id="{id_}"')[2].partition("</section>")[0]


def cells(row: str) -> list[str]:
    return re.findall(r'<td class="number">([^<]*)</td>', row)


async def test_what_names_no_site_and_what_names_nobody_have_their_rows_by_day(world: World):
    await tell(world)
    page = await world.page("/ledger")
    for id_, received, reason in (("of-no-site", "7", "7 dropped: no such site"), ("of-nobody", "5", "5 refused: credential")):
        shown = section(page, id_)
        assert shown.count('<tr><th scope="row">') == 7
        (of_yesterday,) = [row for row in shown.split("<tr>") if "17 Nov 2026" in row]
        assert cells(of_yesterday)[0] == received
        assert reason in shown
    assert 'href="/sites/example.org/ledger"' in section(page, "ledger")
    assert "stranger.example" not in page


async def test_a_lost_last_tally_is_a_gap_in_every_row_and_never_green(world: World):
    await tell(world, head(run=OTHER_RUN, at=BEFORE + timedelta(minutes=7)))
    page = await world.page("/ledger", period="today")
    assert "An ingest process (0.1.0) fell silent" in page
    for id_ in ("of-no-site", "of-nobody"):
        assert "has a gap" in section(page, id_)
        assert "what it did last is not known" in section(page, id_)
    assert "adds_up" not in section(page, "ledger").partition("<tbody>")[2]
    assert "what a process that fell silent did last: 1 hour" in section(page, "meanings")


async def test_the_front_page_and_the_ledger_of_a_site_lead_there(world: World):
    await tell(world)
    assert 'href="/ledger"' in await world.page("/")
    assert 'href="/ledger?period=30d"' in await world.page("/sites/example.org/ledger", period="30d")
    assert 'href="/ledger"' in await world.page("/sites/example.org/ledger", period="90d")


async def test_every_number_opens_its_definition_its_version_and_what_stands_behind_it(world: World):
    await tell(world)
    for path in ("/ledger", "/sites/example.org/ledger"):
        page = await world.page(path)
        for number in LEDGER_NUMBERS:
            assert f'<a href="#{number.name}"' in page
            opened = page.partition(f'<div id="{number.name}">')[2].partition("</div>")[0]
            assert f"v{number.version}</span>" in opened
        assert "as told until 15:30:00 UTC on 18 Nov 2026" in page
        assert "1 event in the stream, as read until" in page
    published = {one["name"]: one for one in (await world.get("/api/stats/definitions")).json()}
    assert {one.name for one in OF_THE_LEDGER} <= set(published)


@pytest.mark.parametrize(
    ("grant", "sees"),
    [
        (Grant(role=Role.VIEWER), {"of-no-site", "of-nobody", "example.org"}),
        (Grant(role=Role.OWNER, tenant="main"), {"of-no-site", "example.org"}),
        (Grant(role=Role.OWNER, tenant="main", site="example.org"), {"example.org"}),
        (Grant(role=Role.OWNER, tenant="rival"), {"of-no-site"}),
    ],
    ids=["who runs the installation", "a tenant's", "a site's", "another tenant's"],
)
async def test_everybody_sees_the_accounts_that_are_theirs(world: World, grant: Grant, sees: set[str]):
    await tell(world)
    await decided(world.database_url, tenant("main"), tenant("rival"), site("example.org"))
    await decided(world.database_url, *joined("m1", grant), started("cookie", "member:m1"))
    answer = await world.client.get("/ledger", headers={"Cookie": f"{SESSION_COOKIE}=cookie"})
    assert answer.status_code == 200
    found = {name for name in ("of-no-site", "of-nobody") if f'id="{name}"' in answer.text}
    assert found | ({"example.org"} & {answer.text.partition("/sites/")[2].partition("/")[0]}) == sees
    assert ("7 dropped" in answer.text) == (sees >= {"of-no-site", "example.org"})


async def test_a_key_of_one_tenant_sees_no_hit_of_another(world: World):
    await tell(world)
    text = new_key("k1")
    await decided(world.database_url, tenant("rival"), issued("k1", text, of_tenant="rival"))
    page = (await world.client.get("/ledger", headers={"X-API-Key": text})).text
    assert "example.org" not in page
    assert set(cells(page)) == {"0"}


WRONG = {
    "from": {"period": "custom", "from": "2020-01-01", "to": "2026-01-01"},
    "to": {"period": "custom", "from": "2026-11-01", "to": "9999-99-99"},
    "period": {"period": "all"},
    "of no such name": {"timezone": "'; DROP TABLE ends"},
}


@pytest.mark.parametrize("asked", WRONG.values(), ids=WRONG)
async def test_what_is_wrong_is_said_and_costs_nobody_the_page(world: World, asked: dict[str, str]):
    answer = await world.get("/ledger", **asked)
    assert answer.status_code == 400
    assert 'id="of-no-site"' in answer.text
    assert 'role="alert"' in answer.text
    assert "DROP" not in answer.text
