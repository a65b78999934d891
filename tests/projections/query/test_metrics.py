"""A metric is one entry: a toy one, put into the list before anything is made of it, is in every answer."""

import asyncio
import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.facts import BERT, event, pageview
from tests.projections.query.world import NOW, World

ROOT = Path(__file__).parents[3]
MINUTE = timedelta(minutes=1)

# In an interpreter of its own, because the list is read when the house is built.
PROGRAM = """
import asyncio, json, os
from datetime import datetime
from httpx import ASGITransport, AsyncClient
from sqlalchemy import BigInteger, cast, func
from projections.query import metrics
from projections.query.sums import VISITS, Of, Sum

events = Sum(name="visit_events", of=Of.VISIT, of_group=lambda visits: cast(func.sum(visits.events), BigInteger))
toy = metrics.Metric(
    name="deeds_per_visit", title="Deeds per visit", unit=metrics.Unit.MEAN, sums=(events, VISITS), column="Deeds", version=7,
    formula=lambda sums: round(sums["visit_events"] / sums["visits"], 2) if sums["visits"] else None,
    meaning="A toy's meaning.",
)
metrics.METRICS = (*metrics.METRICS, toy)
metrics.IN_SERIES = (*metrics.METRICS, *metrics.IN_SERIES[len(metrics.METRICS) - 1 :])
metrics.METRIC_NAMED[toy.name] = toy

from projections.app import create_app

async def main():
    app = create_app(
        database_url=os.environ["DATABASE"], tenant="main", access_token=None, public_url="http://localhost",
        clock=lambda: datetime.fromisoformat(os.environ["NOW"]),
    )
    async with AsyncClient(transport=ASGITransport(app), base_url="http://localhost") as client:
        answers = [(await client.get(path)).text for path in json.loads(os.environ["PATHS"])]
    await app.state.engine.dispose()
    print(json.dumps(answers))

asyncio.run(main())
"""
PATHS = {
    "overview": "/api/stats/example.org/overview?period=today",
    "timeseries": "/api/stats/example.org/timeseries?period=today&metric=deeds_per_visit&interval=day",
    "breakdown": "/api/stats/example.org/breakdown/device?period=today",
    "csv": "/api/stats/example.org/breakdown/device.csv?period=today",
    "definitions": "/api/stats/definitions",
    "schema": "/schema/openapi.json",
    "page": "/sites/example.org?period=today&metric=deeds_per_visit",
    "values": "/sites/example.org/device?period=today",
}


async def answers_with_a_toy(world: World) -> dict[str, Any]:
    environment = {
        **os.environ,
        "DATABASE": world.database_url,
        "NOW": NOW.isoformat(),
        "PATHS": json.dumps(list(PATHS.values())),
        "PYTHONPATH": str(ROOT),
    }
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, complained = await program.communicate()
    assert program.returncode == 0, complained.decode()
    return dict(zip(PATHS, json.loads(said), strict=True))


async def test_a_new_metric_is_in_every_answer(world: World):
    await world.tell(
        *(event(name, at=NOW - 9 * MINUTE) for name in ("a", "b", "c")),
        *(pageview(at=NOW - 60 * MINUTE, visitor=BERT), event("a", at=NOW - 59 * MINUTE, visitor=BERT)),
    )
    answers = await answers_with_a_toy(world)
    overview, series = json.loads(answers["overview"]), json.loads(answers["timeseries"])
    assert list(overview)[6] == "deeds_per_visit", "behind the metrics that were there"
    assert (overview["deeds_per_visit"], overview["change"]["deeds_per_visit"]) == (2.0, None)
    assert overview["previous"]["deeds_per_visit"] is None
    assert (series["metric"], [point["value"] for point in series["points"]]) == ("deeds_per_visit", [2.0])
    assert json.loads(answers["breakdown"])["rows"][0]["deeds_per_visit"] == 2.0
    assert answers["csv"].splitlines()[0].endswith(",visit_duration,deeds_per_visit")
    assert [one["text"] for one in json.loads(answers["definitions"]) if one["version"] == 7] == ["A toy's meaning."]
    schema = json.loads(answers["schema"])
    assert "deeds_per_visit" in schema["components"]["schemas"]["Overview"]["required"]
    assert "deeds_per_visit" in schema["components"]["schemas"]["MetricName"]["enum"]
    assert "Deeds per visit by hour: highest 3.00" in answers["page"]
    assert ">Deeds</th>" in answers["values"]
