"""The page of a site's logs: plain, complete, and searched by everything that a line says."""

import re

import pytest

from contracts.events import LogKind, Priority
from projections.projections import LOGS
from tests.projections.log_lines import line
from tests.projections.query.world import NOW, SITE, World
from tests.projections.world import Teller

PAGE = f"/sites/{SITE}/logs"
ANNA, BERT = "a1" * 16, "b2" * 16


@pytest.fixture
async def told(world: World) -> World:
    """Sixty lines of one site, a minute between them, and one of another."""
    teller = Teller(world.database_url, LOGS)
    lines = [
        line(
            f"line {number:02}",
            site=SITE,
            at=NOW.replace(hour=14, minute=number),
            kind=LogKind.ERROR if number == 7 else LogKind.TELEMETRY,
            priority=Priority.HIGH if number == 8 else Priority.NORMAL,
            subject=ANNA if number == 9 else BERT,
            session="c3" * 16,
            provider="nfc_notifier" if number == 10 else "",
            app_version="2.0.0+6" if number == 11 else "1.5",
            sequence=number,
            props={"stack": "<script>alert(1)</script>"} if number == 7 else {},
        )
        for number in range(60)
    ]
    await teller.tell(*lines, line("not ours", site="other.example", at=NOW))
    await teller.close()
    return world


def names(page: str) -> list[str]:
    return re.findall(r"line \d\d", page)


async def test_the_newest_lines_come_first_and_pages_lead_on(told: World):
    first = await told.page(PAGE)
    assert names(first) == [f"line {number:02}" for number in range(59, 9, -1)]
    assert "60 lines" in first
    assert "not ours" not in first
    (earlier,) = re.findall(r'href="([^"]*)" rel="next"', first)
    assert names(await told.page(earlier)) == [f"line {number:02}" for number in range(9, -1, -1)]


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"type": "error"}, ["line 07"]),
        ({"priority": "high"}, ["line 08"]),
        ({"user": ANNA}, ["line 09"]),
        ({"provider": "nfc_notifier"}, ["line 10"]),
        ({"version": "2.0.0+6"}, ["line 11"]),
        ({"name": "line 12"}, ["line 12"]),
        ({"from": "2026-11-18T14:20", "to": "2026-11-18T14:21"}, ["line 21", "line 20"]),
        ({"session": "d4" * 16}, []),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
async def test_the_form_narrows_what_is_shown_and_keeps_what_was_said(told: World, parameters, found):
    page = await told.page(PAGE, **parameters)
    (shown,) = re.findall(r'id="log-lines".*?</section>', page, re.DOTALL)
    assert names(shown) == found
    (form,) = re.findall(r"<form class=\"log-search\".*?</form>", page, re.DOTALL)
    for name, value in parameters.items():
        assert re.search(rf'name="{name}"[^>]*value="{re.escape(value)}"|<option selected>{re.escape(value)}<', form), name


async def test_a_lines_properties_are_text(told: World):
    page = await told.page(PAGE, type="error")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    "parameters",
    [{"type": "gossip"}, {"page": "0"}, {"page": "1e3"}, {"from": "yesterday"}, {"name": "x" * 256}, {"who": "all"}],
)
async def test_what_cannot_be_read_is_a_page_that_says_so(told: World, parameters):
    answer = await told.get(PAGE, **parameters)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")


async def test_a_site_without_lines_has_a_page_too(world: World):
    assert "No program has reported anything" in await world.page(PAGE)
