"""The big list of naughty strings, through everything that takes a text and out of everything that shows one."""

import asyncio
import csv
import io
import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.hostile.conftest import Target
from tests.hostile.wire import get, post
from tests.privacy.evidence import is_all_projected
from tests.running import eventually

A_PAGE = 100
NAUGHTY = [
    text for text in json.loads((Path(__file__).parent.parent / "data" / "blns.json").read_text(encoding="utf-8")) if text
]
SITE = "naughty.example"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
BATCH = 500
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# Tags that do something, and attributes that could.
ACTIVE = {"script", "iframe", "object", "embed", "base", "style", "meta", "form", "img", "video", "audio", "math", "template"}


class Through(NamedTuple):
    """What was answered to each of the texts, and the facts that came of them."""

    results: list[dict[str, Any]]
    facts: list[dict[str, Any]]


def events() -> Iterator[dict[str, Any]]:
    """Yield an event for each way in which each text can be sent."""
    for text in NAUGHTY:
        yield {"domain": SITE, "pathname": f"/{text}"}
        yield {"domain": SITE, "url": text, "timezone": text}
        yield {"domain": SITE, "pathname": "/", "referrer": text}
        yield {"domain": SITE, "pathname": "/", "referrer": f"https://{text}/"}
        yield {"domain": SITE, "pathname": f"/?utm_source={text}&utm_campaign={text}&{text}={text}"}
        yield {
            "domain": SITE,
            "pathname": "/",
            "eventName": text,
            "id": text[:100],
            "customProperties": {text: text, "a": text},
        }


@pytest.fixture(scope="module")
def through(target: Target) -> Through:
    before = target.position()
    sent = list(events())
    results: list[dict[str, Any]] = []
    for start in range(0, len(sent), BATCH):
        answer = post(target.port, {"events": sent[start : start + BATCH]}, f"User-Agent: {FIREFOX}", path="/api/events/batch")
        assert answer.status == 200, answer.body
        results += answer.json()["results"]
    facts = target.facts(after=before)
    eventually(lambda: asyncio.run(is_all_projected(target.running)), "everything is projected")
    return Through(results, facts)


def rows_of(target: Target, dimension: str) -> list[str]:
    answer = get(target.port, f"/api/stats/{SITE}/breakdown/{dimension}?period=today&limit=1000")
    assert answer.status == 200, answer.body
    return [row["value"] for row in answer.json()["rows"]]


def test_every_text_is_stored_or_refused_for_a_reason(through: Through):
    assert len(through.results) == 6 * len(NAUGHTY)
    assert {result["status"] for result in through.results} <= {"stored", "rejected"}
    refused = {result["code"] for result in through.results if result["status"] == "rejected"}
    assert refused <= {"control_character", "too_long", "missing_field"}, "a name of invisible characters alone is none"
    assert len(through.facts) == sum(result["status"] == "stored" and not result["duplicate"] for result in through.results)


@pytest.mark.usefixtures("through")
def test_what_is_harmless_comes_out_as_it_went_in(target: Target):
    harmless = [text for text in NAUGHTY if text.isprintable() and text.isalpha() and len(text.encode()) <= 120]
    assert len(harmless) > 30
    names = set(rows_of(target, "event"))
    assert set(harmless) <= names | {"pageview"}


@pytest.mark.parametrize(
    ("dimension", "of"),
    [
        ("event", lambda fact: fact.get("name", "")),
        ("page", lambda fact: fact["page"]["path"] if fact["type"] == "page_viewed.v2" else ""),
    ],
)
def test_api_page_and_table_all_say_what_the_stream_holds(target: Target, through: Through, dimension: str, of: Any):
    held = {of(fact) for fact in through.facts} - {""}
    rows = rows_of(target, dimension)
    assert set(rows) == held
    address = f"/sites/{SITE}/{dimension}?period=today&offset="
    shown = set().union(*(read_page(target, f"{address}{offset}").texts for offset in range(0, len(held), A_PAGE)))
    assert {" ".join(text.split()) for text in held} <= shown
    cells = [row[0] for row in read_csv(target, dimension)[1:]]
    assert [cell.removeprefix("'") if cell[1:].startswith(FORMULA) else cell for cell in cells] == rows


@pytest.mark.usefixtures("through")
@pytest.mark.parametrize("dimension", ["event", "page", "source", "referrer", "utm_campaign", "hostname"])
def test_no_cell_of_a_table_is_a_formula(target: Target, dimension: str):
    table = read_csv(target, dimension)
    assert len({len(row) for row in table}) == 1
    assert not [row for row in table[1:] if row[0].startswith(FORMULA)]


@pytest.mark.usefixtures("through")
@pytest.mark.parametrize("dimension", ["", "/event", "/page", "/source", "/referrer", "/utm_campaign", "/hostname"])
def test_a_page_is_only_ever_our_own_markup(target: Target, dimension: str):
    naughty = read_page(target, f"/sites/{SITE}{dimension}?period=today")
    assert naughty.active <= {("script", "/assets"), ("meta", ""), ("form", "/sites")}
    assert not naughty.handlers
    assert naughty.schemes <= {"", "https"}


class Page(HTMLParser):
    """What a browser would make of a page: its texts, its tags that do something, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: set[str] = set()
        self.active: set[tuple[str, str]] = set()
        self.handlers: set[str] = set()
        self.schemes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.handlers |= {name for name in given if name.startswith("on") or name in ("style", "srcdoc")}
        links = [given[name] for name in ("href", "src", "action", "formaction", "data") if name in given]
        self.schemes |= {urlsplit(link).scheme for link in links}
        if tag in ACTIVE:
            self.active.add((tag, "/".join(links[0].split("/")[:2]) if links else ""))

    def handle_data(self, data: str) -> None:
        self.texts.add(" ".join(data.split()))


def read_page(target: Target, path: str) -> Page:
    answer = get(target.port, path)
    assert answer.status == 200, answer.body
    page = Page()
    page.feed(answer.body.decode())
    page.close()
    return page


def read_csv(target: Target, dimension: str) -> list[list[str]]:
    answer = get(target.port, f"/api/stats/{SITE}/breakdown/{dimension}.csv?period=today&limit=1000")
    assert answer.status == 200, answer.body
    return list(csv.reader(io.StringIO(answer.body.decode(), newline="")))
