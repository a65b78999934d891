"""A filter that is asked of numbers keeps what it keeps when it is asked of words, whichever way it points."""

import itertools
from typing import Any

import pytest

from projections.query import numbered
from tests.facts import event, traffic
from tests.projections.query.world import World

SITE = "site-1.example"
# Of every dictionary, with every operator; an empty value is that of who has no page, no name, or nothing known.
FILTERS = (
    *("page:/1", "page~:1", "page^:/1", "page$:1", "page*:/*", "page*:**", "hostname:example.org", "hostname:"),
    *("entry_page:/1", "entry_page:", "entry_page*:**", "exit_page:", "exit_page~:2"),
    *("event:signup", "event:", "event~:sign", "country:NO", "country:", "device:mobile"),
    *("browser_version:Firefox ", "browser_version:", "browser_version^:Fire", "os_version:", "source:Google", "batch:"),
)


@pytest.fixture
async def filled(world: World) -> World:
    """A site of people and robots, of whom one did nothing but to send an event: who has no page at all."""
    await world.tell(*traffic(600, seed=4), event(visitor="f" * 32, site=SITE))
    return world


async def answers(world: World) -> dict[str, Any]:
    asked = {"period": "custom", "from": "2026-10-30", "to": "2026-11-21", "site": SITE}
    pointed = [one for text in FILTERS for one in (text, _turned(text))]
    together = [*([one] for one in pointed), *map(list, itertools.pairwise(pointed))]
    return {" ".join(filters): await world.ask("overview", filter=filters, **asked) for filters in together}


def _turned(text: str) -> str:
    name, _, value = text.partition(":")
    sign = name[len(name.rstrip("~^$*")) :]
    return f"{name.rstrip('~^$*')}!{sign}:{value}"


async def test_numbers_keep_what_words_keep(filled: World, monkeypatch: pytest.MonkeyPatch):
    by_number = await answers(filled)
    assert by_number["entry_page:"]["visits"] > 0
    assert len({answer["pageviews"] for answer in by_number.values()}) > 10
    monkeypatch.setattr(numbered, "PLACES", {})
    assert await answers(filled) == by_number
