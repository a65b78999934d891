"""Doctor compares the clocks of Postgres and of the ingest processes with those of NATS and of this machine."""

from datetime import timedelta

import pytest

from collector.cli.checks.clocks import examine_clocks, of_processes, skew_between
from collector.cli.checks.finding import Severity
from collector.cli.clock import utc_now
from tests.projections.query.world import NOW
from tests.projections.tallies.telling import OTHER_RUN, RUN, head, tallies_on


async def test_processes_whose_clock_is_far_off_are_named_and_those_that_ended_are_not(stream_free_nats, postgres_url):
    async with tallies_on(stream_free_nats) as tallies:
        await tallies.tell(head(at=utc_now() + timedelta(hours=3)), head(at=utc_now(), run=OTHER_RUN))
        await tallies.tell(head(at=NOW - timedelta(days=9), run="00000000000000ff", ended=True))
        await tallies.write("tallies.0000000000000000.head", b"{}")
        found = [finding async for finding in examine_clocks(postgres_url, stream_free_nats)]
    assert [finding.severity for finding in found] == [Severity.GOOD, Severity.BAD]
    assert found[0].text == "agrees with Postgres's"
    assert found[1].text.startswith(f"the ingest process {RUN} and NATS differ by 10")
    assert "NTP" in found[1].advice


async def test_where_nobody_has_told_anything_only_postgres_is_asked(stream_free_nats, postgres_url):
    assert [finding.text async for finding in examine_clocks(postgres_url, stream_free_nats)] == ["agrees with Postgres's"]


def test_a_sign_that_is_written_late_is_no_wrong_clock():
    (finding,) = of_processes({RUN: 9.0, OTHER_RUN: 0.1})
    assert (finding.severity, finding.text) == (Severity.GOOD, "2 ingest process(es) and NATS agree")


@pytest.mark.parametrize(("ahead", "skew"), [(-60, 60.0), (0, 0.0), (1, 0.0), (62, 60.0)])
def test_the_way_there_and_back_is_no_difference(ahead: int, skew: float):
    assert skew_between(NOW, NOW + timedelta(seconds=ahead), NOW + timedelta(seconds=2)) == skew
