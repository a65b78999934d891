"""What doctor says of the sink: how far it is, what stands in its way, and that nothing is lost."""

from datetime import UTC, datetime

from msgspec import structs

from collector.cli.checks.finding import Severity
from collector.cli.checks.sink import _finding
from projections.forwarding.places import Place

STREAM = "EVENTS_WEB_0"
WELL = Place(
    sink="flowcore", stream=STREAM, partition=0, stream_created=datetime(2026, 11, 20, tzinfo=UTC), seq=9, forwarded=1_200
)


def test_a_sink_that_is_level_is_good():
    finding = _finding(STREAM, WELL, 0)
    assert (finding.severity, finding.text) == (Severity.GOOD, "1,200 events of EVENTS_WEB_0 forwarded, 0 wait")


def test_what_stands_in_its_way_is_said_and_that_nothing_is_lost():
    away = structs.replace(WELL, trouble="the endpoint answers 503", refused=2)
    finding = _finding(STREAM, away, 40)
    assert finding.severity is Severity.ODD
    assert finding.text.endswith(
        "40 wait, 2 refused by the endpoint (the projector's log says which): the endpoint answers 503"
    )
    assert finding.advice == "Nothing is lost: it goes on where it was."


def test_a_sink_that_never_began_or_fell_behind_asks_whether_the_projector_runs():
    for finding in (_finding(STREAM, None, 3), _finding(STREAM, WELL, 5_000)):
        assert finding.severity is Severity.ODD
        assert "Is `collector project` running" in finding.advice
