"""Without any script a page compares, sorts, searches, turns pages and makes filters, and its address says all of it."""

import re
from datetime import timedelta

from contracts.events import Place, Source
from tests.facts import BERT, pageview
from tests.projections.control.deciding import decided, site
from tests.projections.dashboard.outline import Form, Outline
from tests.projections.query.world import NOW, World

MINUTE = timedelta(minutes=1)
HERE = "/sites/example.org"


def form_with(page: Outline, field: str) -> Form:
    (form,) = [one for one in page.forms if field in {each.get("name") for each in one.inputs} and field not in one.fields]
    return form


def link(page: Outline, key: str) -> str:
    return next(attributes["href"] or "" for _, attributes in page.tags if attributes.get("data-key") == key)


async def filled(world: World) -> None:
    await world.tell(
        *(pageview(f"/page-{number:03}", at=NOW - MINUTE, visitor=f"{number:032x}") for number in range(1, 251)),
        *(pageview("/page-001", at=NOW - timedelta(days=7, minutes=1), visitor=f"{number:032x}") for number in range(1, 4)),
        pageview("/old", at=NOW - timedelta(days=7, minutes=1), visitor=f"{9:032x}", place=Place(country="NO")),
    )


async def test_a_filter_is_made_in_a_form_and_is_then_part_of_the_address(world: World):
    await world.tell(pageview("/page-001", at=NOW - MINUTE))
    form = form_with(
        Outline(await world.page(f"{HERE}/page?period=30d&filter=source:Direct&sort=value&search=page")), "filter_value"
    )
    assert form.action == f"{HERE}/page"
    typed = {"filter_by": "page", "filter_how": "!~", "filter_value": "a b&c"}
    told = await world.get(form.action, **(form.fields | typed))
    assert told.status_code == 303
    where = told.headers["location"]
    assert where.startswith(f"{HERE}/page?period=30d&")
    assert {"filter=source:Direct", "filter=page%21~:a%20b%26c", "sort=value", "search=page"} <= set(
        where.split("?")[1].split("&")
    )
    page = Outline(await world.page(where))
    assert "Page does not contain a b&c" in page.said()
    turned = next(
        attributes["href"]
        for _, attributes in page.tags
        if "Turn round the filter Page" in (attributes.get("aria-label") or "")
    )
    assert "Page contains a b&c" in Outline(await world.page(turned)).said()


async def test_a_filter_that_cannot_be_read_stays_in_its_form_with_words_beside_it(world: World):
    await filled(world)
    for typed, words in (
        ({"filter_by": "page", "filter_how": "~", "filter_value": ""}, "The value is empty"),
        ({"filter_by": "page", "filter_how": "*", "filter_value": "a*" * 9}, "The pattern is too long"),
        ({"filter_by": "visitor", "filter_how": "", "filter_value": "x"}, "Name one of page,"),
        ({"filter_by": "page", "filter_how": "<>", "filter_value": "x"}, "Send one of"),
    ):
        told = await world.get(HERE, filter="source:Direct", period="30d", **typed)
        page = Outline(told.text)
        assert (told.status_code, words in page.said(), "Source is Direct" in page.said()) == (400, True, True), typed
        alerts = [attributes.get("id") for _, attributes in page.tags if attributes.get("role") == "alert"]
        assert alerts == ["wrong-filter"]
        fields = {each["name"]: each.get("value") for each in form_with(page, "filter_value").inputs}
        assert fields["filter_value"] == typed["filter_value"]


async def test_a_list_is_walked_to_its_last_row_and_back(world: World):
    await filled(world)
    page, seen = Outline(await world.page(f"{HERE}/page?sort=value")), []
    for rows, rest in ((100, "there are more"), (100, "there are more"), (50, "")):
        named = re.findall(r"/page-[0-9]{3}", page.said())
        seen += named
        assert (len(named), "there are more" in page.said()) == (rows, bool(rest))
        if rest:
            page = Outline(await world.page(link(page, "next")))
    assert seen == [f"/page-{number:03}" for number in range(1, 251)]
    assert "Rows 201 to 250" in page.said()
    assert "offset=100" in link(page, "previous")
    assert "offset" not in link(page, "first")
    # Another period or column begins at the first row again.
    assert not [href for href in page.hrefs() if "offset=200" in href]
    beyond = Outline(await world.page(f"{HERE}/page?offset=5000"))
    assert "There are not as many values as that." in beyond.said()


async def test_the_head_of_a_column_sorts_by_it_and_says_so(world: World):
    await filled(world)
    page = Outline(await world.page(f"{HERE}/source"))
    assert [attributes["aria-sort"] for attributes in page.attributes("th") if "aria-sort" in attributes] == ["descending"]
    other_end = Outline(await world.page(link(page, "sort-2")))
    assert [attributes["aria-sort"] for attributes in other_end.attributes("th") if "aria-sort" in attributes] == ["ascending"]
    assert "sort=bounce_rate" in link(page, "sort-5")
    told = await world.get(f"{HERE}/page", sort="bounce_rate", period="30d")
    assert (told.status_code, "sorted by one of" in Outline(told.text).said()) == (400, True)
    assert "period=30d" in link(Outline(told.text), "sort-1")


async def test_a_list_is_searched_by_what_people_call_its_values(world: World):
    await filled(world)
    form = form_with(Outline(await world.page(f"{HERE}/country?period=30d&sort=value")), "search")
    page = Outline(await world.page(form.action, **(form.fields | {"search": "norw"})))
    assert ("Norway" in page.said(), "sort=value" in link(page, "sort-2") or "sort=" not in link(page, "sort-2")) == (
        True,
        True,
    )
    nothing = Outline(await world.page(f"{HERE}/page?search=nowhere"))
    assert "No value in this period contains that." in nothing.said()
    told = await world.get(f"{HERE}/page", search="x" * 201, filter="page:/page-001")
    page = Outline(told.text)
    assert (told.status_code, "Page is /page-001" in page.said()) == (400, True)
    assert [attributes.get("id") for _, attributes in page.tags if attributes.get("role") == "alert"] == ["wrong-search"]


async def test_tiles_chart_and_tables_are_compared_with_what_was_chosen(world: World):
    await filled(world)
    plain = Outline(await world.page(period="7d"))
    assert not [tag for tag, attributes in plain.tags if attributes.get("class") == "other" and tag == "line"]
    page = Outline(await world.page(link(plain, "compare-2")))
    strokes = [tag for tag, attributes in page.tags if attributes.get("class") == "other" and tag == "line"]
    assert len(strokes) == 1 + 6
    said = page.said()
    assert "with 5 Nov to 11 Nov 2026" in said
    assert "Visitors then" in said
    assert said.count("Change") >= 5
    bars = [
        attributes.get("aria-label") or ""
        for tag, attributes in page.tags
        if tag == "a" and attributes.get("data-key", "").startswith("bar-")
    ]
    assert "Wednesday, 18 November 2026 (so far): 250; Wednesday, 11 November 2026: 4" in bars
    values = Outline(await world.page(f"{HERE}/page?compare=previous&sort=value&offset=200")).said()
    assert "/old0↓down by 100%, before: 1" in values
    none = Outline(await world.page(period="7d", compare="none"))
    assert "Before:" not in none.said()
    chosen = form_with(plain, "compare_from")
    days = {"compare_from": "2026-11-11", "compare_to": "2026-11-11"}
    assert "with Wed 11 Nov 2026" in Outline(await world.page(chosen.action, **(chosen.fields | days))).said()
    turned = await world.get(HERE, compare="custom", compare_from="2026-11-11", compare_to="2026-11-01", filter="source:Direct")
    page = Outline(turned.text)
    assert (turned.status_code, "the days between the two" in page.said()) == (400, True)
    assert [attributes.get("id") for _, attributes in page.tags if attributes.get("role") == "alert"] == ["wrong-others"]
    assert form_with(page, "compare_from").inputs[-2]["value"] == "2026-11-01"


async def test_earlier_and_later_lead_through_the_days_and_back_to_the_period_that_has_a_name(world: World):
    await filled(world)
    page = Outline(await world.page(period="month", filter="source:Direct"))
    before = link(page, "earlier")
    assert before == f"{HERE}?period=last_month&filter=source:Direct"
    assert not [tag for tag, attributes in page.tags if attributes.get("data-key") == "later"]
    assert link(Outline(await world.page(before)), "later") == f"{HERE}?period=month&filter=source:Direct"
    everything = Outline(await world.page(period="all"))
    assert not [tag for tag, attributes in everything.tags if attributes.get("data-key") in ("earlier", "later")]
    assert "11 Nov to 18 Nov 2026" in everything.said()


async def test_the_interval_of_the_chart_is_chosen_and_another_period_forgets_it(world: World):
    await filled(world)
    page = Outline(await world.page(period="90d"))
    week = next(href for href in page.hrefs() if "interval=week" in href)
    by_week = Outline(await world.page(week))
    assert "Week from Mon 16 Nov 2026" in by_week.said()
    assert not [href for href in by_week.hrefs() if "interval=week" in href and "period=today" in href]


async def test_a_zone_of_the_address_is_kept_for_the_site_by_those_who_may(world: World):
    await decided(world.database_url, site("example.org", label="Shop", timezone="Europe/Oslo"))
    await world.tell(pageview(at=NOW, source=Source(name="x")), pageview(at=NOW - timedelta(days=1), visitor=BERT))
    page = Outline(await world.page())
    assert "Europe/Oslo" in page.said()
    assert "timezone" not in "".join(page.hrefs())
    there = Outline(await world.page(timezone="Asia/Kathmandu", filter="source:x"))
    assert "timezone=Asia/Kathmandu" in "".join(there.hrefs())
    assert "days begin at midnight in Asia/Kathmandu; those of the site begin in Europe/Oslo" in there.said()
    (keeping,) = [form for form in there.forms if form.action == "/v1/admin/sites/example.org/describe"]
    decided_so = {name: keeping.fields[name] for name in ("label", "timezone", "expected_version", "next")}
    assert decided_so == {
        "label": "Shop",
        "timezone": "Asia/Kathmandu",
        "expected_version": "1",
        "next": "/sites/example.org?filter=source:x",
    }
