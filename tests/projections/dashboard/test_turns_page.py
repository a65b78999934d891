"""The page of a site's turns holds its numbers without any script, and each approval says how sure it is."""

from datetime import timedelta

from tests.facts import pageview
from tests.projections.dashboard.outline import Outline
from tests.projections.query.world import NOW, World
from tests.turns import completed, conversation_began, failed, step, vote

HOUR = timedelta(hours=1)
HOSTILE = "<script>alert(1)</script>"


async def test_the_page_holds_votes_and_turns_with_their_latency(world: World):
    await world.tell_turns(
        *(completed(f"t{number}", 100 * number, at=NOW - HOUR, model="gpt-4") for number in range(1, 10)),
        failed("t10", "rate_limit", at=NOW - HOUR, model=HOSTILE),
        *(vote(f"t{number}", 1, at=NOW) for number in range(1, 8)),
        vote("t8", -1, at=NOW, comment=f"Wrong {HOSTILE}"),
        conversation_began("c1", at=NOW - HOUR),
        step("mail", "draft", at=NOW - HOUR),
    )
    html = await world.page("/sites/example.org/turns")
    words = " ".join(Outline(html).words.split())
    for text in ("Turns 10", "Answered 90.0%", "Approval 87.5%", "52.9 to 97.8%", "Voted on 80.0%", "Median 500 ms", "860 ms"):
        assert text in words, text
    for text in ("gpt-4", "rate_limit", "mail", f"Wrong {HOSTILE}", "100-500ms"):
        assert text in words, text
    assert HOSTILE not in html
    empty = Outline(await world.page("/sites/example.org/turns", period="custom", **{"from": "2025-01-01", "to": "2025-01-02"}))
    assert "Nothing in this period." in empty.words


async def test_a_site_leads_to_its_turns_when_it_has_any(world: World):
    await world.tell(pageview(at=NOW))
    assert "/sites/example.org/turns" not in Outline(await world.page()).hrefs()
    await world.tell_turns(completed("t1", at=NOW), completed("t2", at=NOW, site="talks.example"))
    assert "/sites/example.org/turns" in Outline(await world.page()).hrefs()
    alone = await world.get("/sites/talks.example")
    assert (alone.status_code, alone.headers["location"]) == (303, "/sites/talks.example/turns")
    assert "talks.example" in {one["site"] for one in (await world.get("/api/sites")).json()["sites"]}
