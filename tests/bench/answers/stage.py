"""Answers: how long Postgres takes for an answer, beside Umami's SQL for the same people, and how long HTTP takes for it."""

import http.client
import statistics
import time
from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct

from tests.bench.answers.asked import ASKED, OTHERS_MS, OVERVIEW, PERIODS, SERIES, SITE, Question, is_other
from tests.bench.answers.kept import Filled, filled, postgres_for
from tests.bench.answers.sizes import sizes
from tests.bench.answers.statements import Asker
from tests.bench.answers.traffic import SITES
from tests.bench.figure import Aim, Figure, figure
from tests.bench.processes import Process, role
from tests.bench.stage import Stage
from tests.bench.world import World, run

FACTS = 10_000_000
WARM = 5
ASKINGS = 40
PATIENCE = 60.0
# What is asked over HTTP, and how many milliseconds it may take at the 95th of a hundred.
OVER_HTTP = {
    "tiles": ("/api/stats/{site}/overview", Aim(at_most=25.0)),
    "pages": ("/api/stats/{site}/breakdown/page", Aim(at_most=60.0)),
    "dashboard": ("/sites/{site}", Aim(at_most=150.0)),
}


class Answered(Struct, frozen=True):
    """The milliseconds of each asking, ours and Umami's, in turn, and of what stands beside each of our answers."""

    ours: list[float]
    umami: list[float]
    beside: list[float]

    @property
    def ratio(self) -> float:
        """Return how many times as long Umami takes."""
        return statistics.median(theirs / own for own, theirs in zip(self.ours, self.umami, strict=True))


def measure(world: World) -> Sequence[Figure]:
    """Fill the database, unless it is kept from before, and ask everything of both sides in turn."""
    facts = world.facts or world.of(FACTS)
    with postgres_for(world.launcher, world.folder) as server:
        full = filled(server, facts)
        answered = run(compared(full, ASKED, rounds=WARM))
        with role("query", world.launcher, world.folder, DATABASE_URL=full.url) as process:
            waits = over_http(process, full.last, askings=ASKINGS)
        return [*figures(answered), *waits, *run(sizes(full.url))]


async def compared(full: Filled, asked: Sequence[Question], *, rounds: int) -> dict[Question, Answered]:
    """Ask *asked* of both sides in turn, once cold and then *rounds* times, after they have been found to hold the same."""
    async with Asker(full.url) as asker:
        await agree(asker, full.last)
        return {question: await _both(asker, question, full.last, rounds) for question in asked}


async def agree(asker: Asker, last: date) -> None:
    """See that both sides count the same pageviews of the largest site, and the same visitors on each of its days in UTC."""
    overview, series = (Question(what=what, days=max(PERIODS), aim=Aim()) for what in (OVERVIEW, SERIES))
    (theirs,) = await asker.umami_rows(overview.of_umami(last)[0])
    ours = await asker.answer(overview.address(last))
    assert theirs["pageviews"] == ours["pageviews"] > 0, f"Umami counts {theirs['pageviews']}, and we {ours['pageviews']}"
    days = {row["x"][:10]: row["y"] for row in await asker.umami_rows(series.of_umami(last)[0])}
    points = (await asker.answer(series.address(last)))["points"]
    assert {point["start"][:10]: point["value"] for point in points} == days, "the days have other visitors"


async def _both(asker: Asker, question: Question, last: date, rounds: int) -> Answered:
    ours, theirs = await asker.statements(question.address(last)), question.of_umami(last)
    await asker.ours(ours)
    await asker.umami(theirs)
    taken = [(await asker.ours(ours), await asker.umami(theirs)) for _ in range(rounds)]
    return Answered([own.answer for own, _ in taken], [other for _, other in taken], [own.beside for own, _ in taken])


def figures(answered: dict[Question, Answered]) -> list[Figure]:
    """Return what each answer takes, and the slowest of those that have to stay below a bound."""
    slowest = max((taken.ours for question, taken in answered.items() if is_other(question)), key=statistics.median)
    each = [_figure(question, taken) for question, taken in answered.items()]
    beside = [one for taken in answered.values() for one in taken.beside]
    return [
        *each,
        figure("the slowest of the other filtered ones", slowest, "ms", aim=OTHERS_MS),
        figure("beside each answer: who asks, which site, how fresh", beside, "ms"),
    ]


def _figure(question: Question, taken: Answered) -> Figure:
    return Figure(
        name=question.name,
        value=statistics.median(taken.ours),
        unit="ms",
        low=min(taken.ours),
        high=max(taken.ours),
        ratio=taken.ratio,
        beside=f"of Umami's {statistics.median(taken.umami):,.1f} ms",
        aim=question.aim,
    )


def over_http(process: Process, last: date, *, askings: int) -> list[Figure]:
    """Ask for what people look at, one request after the other, and return the 95th percentile of each."""
    found = []
    for days in PERIODS:
        for name, (path, aim) in OVER_HTTP.items():
            address = f"{path.format(site=SITES[SITE])}?period=custom&from={last - timedelta(days=days - 1)}&to={last}"
            waits = [_wait(process.port, address) for _ in range(askings + 1)][1:]
            found.append(figure(f"{days} d, {name} over HTTP, p95", [statistics.quantiles(waits, n=20)[-1]], "ms", aim=aim))
    return found


def _wait(port: int, address: str) -> float:
    """Return the milliseconds of an answer; what is none, because it took too long, counts as all of the patience."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.connect()
    began = time.perf_counter()
    connection.request("GET", address)
    answer = connection.getresponse()
    answer.read()
    took = (time.perf_counter() - began) * 1e3
    connection.close()
    return took if answer.status == 200 else PATIENCE * 1e3


STAGE = Stage(
    name="answers",
    says=f"What answers over {FACTS:,} facts of 90 days take in Postgres, beside Umami's SQL (largest site); and over HTTP.",
    measure=measure,
)
