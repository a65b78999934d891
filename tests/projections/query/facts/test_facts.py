"""The facts themselves come out in order, to the last one, in every form, and without what says who somebody is."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from contracts.control.keys import Scope
from contracts.events import BotRule
from contracts.events.envelope import Money
from contracts.events.turns import TurnCompleted
from projections.projections import LOGS, PRODUCT
from tests.facts import ANNA, BERT, event, pageview
from tests.facts_product import CARL, action
from tests.projections.control.deciding import decided, issued, new_key, site
from tests.projections.log_lines import line
from tests.projections.query.world import NOW, SITE, World
from tests.projections.world import Teller
from tests.turns import turn_fact

FACTS = f"/api/stats/{SITE}/facts"
MINUTE = timedelta(minutes=1)
NOT_THERE = "0190163d-8694-739b-aea5-966c26f8ad91"


@pytest.fixture
async def told(world: World) -> AsyncIterator[World]:
    """Facts of all families; many of the web's at one moment."""
    bot = {"bot": BotRule.CRAWLER, "bot_name": "curl"}
    paid = event("Buy", at=NOW - MINUTE, props={"plan": "=1+1"}, revenue=Money(amount="19.90", currency="EUR"))
    at_once = [pageview(f"/{number}", at=NOW - 9 * MINUTE) for number in range(25)]
    await world.tell(*at_once, paid, pageview("/bot", at=NOW - 8 * MINUTE, visitor=BERT, **bot))
    await world.tell(pageview("/old", at=NOW - timedelta(days=40)), pageview(at=NOW, tenant="other"))
    await world.tell_turns(turn_fact(TurnCompleted, at=NOW - MINUTE, prompt="what she said", model="m"))
    tellers = Teller(world.database_url, PRODUCT), Teller(world.database_url, LOGS)
    for teller, fact in zip(
        tellers, (action("opened", at=NOW - MINUTE, site=SITE), line(at=NOW - MINUTE, site=SITE)), strict=True
    ):
        await teller.tell(fact)
    yield world
    for teller in tellers:
        await teller.close()


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(one) for one in text.splitlines()]


async def test_every_page_begins_behind_the_last_fact_and_the_last_one_says_that_it_is_the_last(told: World):
    whole = (await told.get(FACTS)).json()
    assert (len(whole["facts"]), whole["more"], whole["next"]) == (26, False, None)
    order = [(fact["occurred_at"], fact["id"]) for fact in whole["facts"]]
    assert order == sorted(order)
    for form in ("json", "csv"):
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            answer = await told.get(FACTS, limit=7, format=form, **cursor)
            if form == "json":
                page = answer.json()
                found += [fact["id"] for fact in page["facts"]]
                following = page["next"]
            else:
                found += [row["id"] for row in csv.DictReader(io.StringIO(answer.text))]
                following = answer.headers.get("x-collector-next")
                assert (answer.headers.get("x-collector-more") == "true") is (following is not None)
            if following is None:
                break
            cursor = {"cursor": following}
        assert found == [fact["id"] for fact in whole["facts"]], form


async def test_whoever_was_broken_off_goes_on_behind_the_last_line(told: World):
    lines = rows((await told.get(FACTS, format="ndjson")).text)
    assert len(lines) == 26
    last = lines[9]
    rest = rows((await told.get(FACTS, format="ndjson", cursor=f"{last['occurred_at']}_{last['id']}")).text)
    assert rest == lines[10:]


async def test_all_of_a_fact_comes_out_and_nothing_becomes_a_formula(told: World):
    (paid,) = [fact for fact in (await told.get(FACTS)).json()["facts"] if fact["name"] == "Buy"]
    wanted = {"kind": "event", "props": {"plan": "=1+1"}, "revenue": "19.90", "currency": "EUR", "path": "/", "site": SITE}
    assert wanted.items() <= paid.items()
    table = csv.DictReader(io.StringIO((await told.get(FACTS, format="csv")).text))
    assert [row["props"] for row in table if row["name"] == "Buy"] == ['{"plan":"=1+1"}']


async def test_period_who_and_filters_choose_facts(told: World):
    async def count(**asked: Any) -> int:
        return len((await told.get(FACTS, **asked)).json()["facts"])

    assert await count(who="bot") == 1
    assert await count(who="all") == 27
    assert await count(period="12mo") == 27
    assert await count(period="yesterday") == 0
    assert await count(filter="page:/3") == 1
    assert await count(filter="page!:/3") == 0
    assert await count(filter="event:Buy") == 26


async def test_facts_of_every_family_come_and_name_nobody(told: World):
    for family, name in (("turns", "model"), ("product", "name"), ("logs", "priority")):
        (fact,) = (await told.get(FACTS, family=family)).json()["facts"]
        assert name in fact, family
    for family in ("web", "turns", "product", "logs"):
        for form in ("json", "csv", "ndjson"):
            text = (
                await told.get(FACTS, family=family, format=form, who="all")
                if family == "web"
                else await told.get(FACTS, family=family, format=form)
            ).text
            assert not any(word in text for word in (ANNA, BERT, CARL, "what she said", "visitor", "subject", "tenant")), family


async def test_only_the_scope_admin_is_told_who_people_are(told: World):
    readers, admins = new_key("k1"), new_key("k2")
    await decided(
        told.database_url,
        *(site(SITE), issued("k1", readers, Scope.READ), issued("k2", admins, Scope.READ, Scope.ADMIN)),
    )
    asked = f"{FACTS}?people=included&family=product"
    refused = await told.client.get(asked, headers={"X-API-Key": readers})
    assert (refused.status_code, refused.json()["code"]) == (403, "scope")
    (fact,) = (await told.client.get(asked, headers={"X-API-Key": admins})).json()["facts"]
    assert fact["subject"] == CARL
    of_web = await told.client.get(f"{FACTS}?people=included", headers={"X-API-Key": admins})
    assert ANNA not in of_web.text
    assert "visitor" not in of_web.text


async def test_a_family_without_facts_has_a_head_and_an_end(world: World):
    for family in ("web", "turns", "product", "logs"):
        assert (await world.get(FACTS, family=family)).json()["facts"] == []
        assert (await world.get(FACTS, family=family, format="ndjson")).text == ""
        (head,) = (await world.get(FACTS, family=family, format="csv")).text.splitlines()
        assert head.startswith("received_at,id," if family == "logs" else "occurred_at,id,")


async def test_a_bad_question_is_named(doorstep: World):
    wrong = [
        ({"family": "cats"}, "family"),
        ({"family": "turns", "who": "bot"}, "who"),
        ({"family": "logs", "filter": "page:/"}, "filter"),
        ({"limit": "0"}, "limit"),
        ({"limit": "10001"}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"people": "all"}, "people"),
        ({"period": "custom", "from": "0000-01-01", "to": "2026-01-01"}, "from"),
        *(
            ({"cursor": cursor}, "cursor")
            for cursor in (
                *("x", "'; DROP TABLE hits; --", NOT_THERE, f"2026-11-18T09:00:00_{NOT_THERE}", "2026-11-18T09:00:00Z_x"),
                *(
                    f"0000-01-01T00:00:00Z_{NOT_THERE}",
                    f"9999-12-31T23:59:59-14:00_{NOT_THERE}",
                    f"2026-02-30T00:00:00Z_{NOT_THERE}",
                ),
            )
        ),
    ]
    for asked, field in wrong:
        answer = await doorstep.get(FACTS, **asked)
        assert (answer.status_code, answer.json().get("field")) == (400, field), (asked, answer.text)
        assert "DROP" not in answer.text
    assert (await doorstep.get(FACTS, metric="visitors")).status_code == 400
