"""The page of a site's actions: its numbers are those of a hand count, and a name that is markup stays text."""

from datetime import timedelta

from contracts.events import App
from projections.projections import PRODUCT
from tests.facts_product import DORA, SITE, action, described
from tests.projections.control.deciding import decided, site
from tests.projections.query.world import NOW, open_world
from tests.projections.world import Teller


async def test_the_page_shows_what_was_done_by_whom_and_with_what(database_url: str):
    teller = Teller(database_url, PRODUCT)
    hour, app = timedelta(hours=1), App(version="1.2.3", os="linux")
    await teller.tell(
        *(action("opened", at=NOW - number * hour, app=app) for number in range(1, 4)),
        action("<b>saved</b>", at=NOW - hour, subject=DORA),
        action("old", at=NOW - timedelta(days=90)),
        described(at=NOW - 30 * hour),
        action("elsewhere", at=NOW, site="other.example"),
    )
    await teller.close()
    await decided(database_url, site(SITE))
    async with open_world(database_url) as world:
        page = await world.page(f"/sites/{SITE}/actions", period="7d")
        assert (value_of(page, "Actions"), value_of(page, "Subjects"), value_of(page, "Sessions")) == ("4", "2", "5")
        assert "&lt;b&gt;saved&lt;/b&gt;" in page
        for shown in ("opened", "1.2.3", "linux"):
            assert f"<span>{shown}</span>" in page
        assert "old" not in page.partition('id="table-names"')[2].partition("</section>")[0]
        assert (await world.get(f"/sites/{SITE}/actions", limit="x")).status_code == 400


async def test_a_site_leads_to_the_pages_of_the_families_that_it_has_and_to_telemetry_where_programs_run(database_url: str):
    teller = Teller(database_url, PRODUCT)
    await teller.tell(action("opened", at=NOW), action("java.run.started", at=NOW, site="other.example"))
    await teller.close()
    await decided(database_url, site(SITE), site("other.example"))
    async with open_world(database_url) as world:
        here, elsewhere = [await world.page(f"/sites/{name}/actions") for name in (SITE, "other.example")]
        assert [f'href="/sites/{SITE}/{page}' in here for page in ("logs", "turns")] == [False, False]
        assert ("Telemetry" in here, 'href="/minigem/dashboard/?site=other.example">Telemetry' in elsewhere) == (False, True)
        telemetry = await world.page("/minigem/dashboard/", site="other.example")
        assert '<a href="/sites/other.example">other.example</a>' in telemetry
        assert '<a href="/sites/other.example/actions">Actions</a>' in telemetry
        assert telemetry.count("&amp;site=other.example") == 5, "each period is one of the same site"


def value_of(page: str, title: str) -> str:
    tile = page.partition(f'<span class="tile-title">{title}</span> <span class="tile-value">')[2]
    return tile.partition("</span>")[0]
