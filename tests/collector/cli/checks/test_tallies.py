"""Doctor says what was not stored, why, and what to do about each; and who fell silent."""

from datetime import timedelta

import pytest

from collector.cli.checks.finding import Severity
from collector.cli.checks.tallies import ADVICE, findings
from collector.cli.clock import utc_now
from collector.outcomes import DropReason, RefuseReason, RejectReason, UnavailableReason
from contracts.tallies import Ending
from projections.dashboard.panels.not_stored import reason_in_words
from projections.migrations import migrate
from projections.query.tallies import Ended, Gap, NotStored, UnknownSite
from tests.projections.tallies.telling import NOW, head, keeping, line, part, tallies_on

REASONS = [*DropReason, *RejectReason, *RefuseReason, *UnavailableReason]
# What happens on purpose.
FINE = {DropReason.PRIVACY_SIGNAL, DropReason.PREFETCH, DropReason.EXCLUDED, UnavailableReason.DRAINING}


def told(*, gaps: list[Gap] | None = None, unknown: list[UnknownSite] | None = None) -> NotStored:
    return NotStored(since=NOW, as_of=NOW, gaps=gaps or [], unknown_sites=unknown or [], elsewhere=[])


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_its_advice_and_its_words(reason: str):
    assert reason in ADVICE
    (finding,) = findings(told(), [Ended(ending=Ending.DROPPED, reason=reason, hits=3)])
    assert finding.severity is (Severity.GOOD if reason in FINE else Severity.ODD)
    assert bool(finding.advice) is (reason not in FINE)
    assert "_" not in reason_in_words(reason)


def test_names_that_nobody_has_are_named_a_few_of_them():
    unknown = [UnknownSite(site=f"{number}.example", hits=9 - number) for number in range(7)]
    (finding,) = findings(told(unknown=unknown), [Ended(ending=Ending.DROPPED, reason="unknown_site", hits=40)])
    assert finding.text == (
        "40 dropped (unknown_site): 0.example (9), 1.example (8), 2.example (7), 3.example (6), 4.example (5) and others"
    )
    assert "COLLECTOR_SITES" in finding.advice


def test_what_became_of_unconfirmed_hits_is_told_apart():
    ended = Ended(ending=Ending.UNAVAILABLE, reason="stream_timeout", hits=9, landed=2, not_landed=3)
    (finding,) = findings(told(), [ended])
    assert "2 are in the stream all the same, 3 are not, of 4 it is not known" in finding.text


def test_a_gap_is_named_and_nothing_at_all_is_said_to_be_as_far_as_told():
    gap = Gap(run="0123456789abcdef", version="0.1.0", started_at=NOW, since=NOW)
    first, last = findings(told(gaps=[gap]), [])
    assert first.severity is Severity.ODD
    assert "0123456789abcdef (version 0.1.0) told nothing after 2026-11-18 15:30:00 UTC" in first.text
    assert last.text == "nothing in the last 24 hours, as far as it was told"


async def test_it_is_said_from_what_the_projector_has_read(collector, stream_free_nats: str, postgres_url: str):
    servers = {"COLLECTOR_NATS_URL": stream_free_nats, "COLLECTOR_DATABASE_URL": postgres_url}
    await migrate(postgres_url)
    now = utc_now()
    async with tallies_on(stream_free_nats) as tallies, keeping(stream_free_nats, postgres_url) as keeper:
        await tallies.tell(head(at=now), part(line(12, Ending.DROPPED, "unknown_site", site="shpo.example"), at=now))
        await keeper.look(now + timedelta(minutes=2))
    something = collector("doctor", **servers)
    assert something.returncode == 0, something.stdout
    since = f"since {now:%Y-%m-%d %H}:00 UTC"
    assert f"note  Not stored: 12 dropped (unknown_site): shpo.example (12, {since})\n      -> Mend" in something.stdout
    assert "note  Gap: the ingest process 0123456789abcdef" in something.stdout
