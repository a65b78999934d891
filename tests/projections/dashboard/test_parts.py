"""A page's live parts are found whatever somebody sent, and who shows some of them is sent the others alone."""

import re
from datetime import timedelta

import pytest

from projections.dashboard.parts import PARTS, changed, known_in, marked, parts_of
from tests.facts import BERT, pageview
from tests.projections.query.world import NOW, World

PAGE = (
    '<main><div id="late" data-live></div><p title=" data-live id=&#34;no">x</p>'
    '<section class="card" id="a" data-live aria-label="A"><section>in</section></section>'
    '<span id="b" data-live title="data-live"> data-live id=</span></main>'
)
SITE = "/sites/example.org"


def test_a_part_is_an_element_with_all_that_stands_in_it():
    assert [(part.id, PAGE[part.start : part.end]) for part in parts_of(PAGE)] == [
        ("late", '<div id="late" data-live></div>'),
        ("a", '<section class="card" id="a" data-live aria-label="A"><section>in</section></section>'),
        ("b", '<span id="b" data-live title="data-live"> data-live id=</span>'),
    ]


def test_a_mark_changes_with_what_the_part_says_and_with_nothing_else():
    before, after = parts_of(PAGE), parts_of(PAGE.replace(">in<", ">other<"))
    assert [one.mark == other.mark for one, other in zip(before, after, strict=True)] == [True, False, True]
    assert marked(PAGE).count(' data-live="') == 3
    assert marked(PAGE).replace(f'="{before[1].mark}"', "").replace(f'="{before[0].mark}"', "").count(' data-live="') == 1


@pytest.mark.parametrize("header", ["", "a", "a=", "=b", "late a=0=1 b", "\N{LATIN SMALL LETTER E WITH ACUTE}=1", "=" * 5000])
def test_marks_that_nobody_gave_are_other_marks(header: str):
    assert changed(PAGE, known_in(header))[1] == ["late", "a", "b"]
    assert changed(PAGE, known_in(header))[0].count("data-live=") == 3


async def test_only_what_has_changed_is_sent_to_who_has_the_rest(world: World):
    await world.tell(pageview("/pricing", at=NOW), pageview("/old", at=NOW - timedelta(days=3)))
    page = await world.get(SITE)
    known = " ".join(f"{part.id}={part.mark}" for part in parts_of(unmarked(page.text)))
    assert all(f'data-live="{mark.partition("=")[2]}"' in page.text for mark in known.split())
    same = await world.client.get(SITE, headers={PARTS: known})
    assert (same.text, same.headers[PARTS].split()) == ("", [name.partition("=")[0] for name in known.split()])
    await world.tell(pageview("/pricing", at=NOW - timedelta(minutes=1), visitor=BERT))
    less = await world.client.get(SITE, headers={PARTS: known})
    assert [part.id for part in parts_of(unmarked(less.text))] == [
        *("overview", "panel-now", "panel-sources", "panel-pages", "panel-places", "panel-devices", "freshness"),
    ]
    assert len(less.content) < len(page.content)
    assert {name.strip() for name in less.headers["vary"].split(",")} == {PARTS, "Accept-Encoding"}


async def test_a_page_of_any_kind_has_parts_and_what_is_no_page_has_none(world: World):
    await world.tell(pageview(at=NOW))
    for path, ids in (
        (f"{SITE}/page", "late days values"),
        ("/", "late sites mistakes not-stored freshness"),
        ("/join", "late"),
    ):
        assert (await world.client.get(path, headers={PARTS: "x=y"})).headers[PARTS] == ids
    for path in ("/robots.txt", "/sites/example.org/nothing", "/api/sites"):
        assert PARTS not in (await world.client.get(path, headers={PARTS: "x=y"})).headers


def unmarked(html: str) -> str:
    """Return a page as it was before its marks stood in it."""
    return re.sub(r' data-live="[0-9a-f]+"', " data-live", html)
