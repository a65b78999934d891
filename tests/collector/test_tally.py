"""The tally counts every hit once, tells what has changed and nothing else, forgets what is told, and quotes nobody."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from collector import tally as tallying
from collector.fate import Fate
from collector.hit import A_PAGE, Sender
from collector.outcomes import (
    Dropped,
    DropReason,
    Outcome,
    Refused,
    RefuseReason,
    Rejected,
    RejectReason,
    Stored,
    Unavailable,
    UnavailableReason,
)
from collector.sites import Site
from collector.tally import Tally
from contracts.tallies import MAX_PART_BYTES, OTHER_KEYS, OTHER_SITES, TALLY_CODEC, Ending, TallyLine, TallyPart

NOW = datetime(2026, 11, 26, 21, 40, tzinfo=UTC)
HOUR = NOW.replace(minute=0)
SHOP = Site(tenant="main", id="shop.example")
STORED = Stored(id="1", duplicate=False)
FULL = UnavailableReason.STREAM_FULL
TIMEOUT = UnavailableReason.STREAM_TIMEOUT


def tell(tally: Tally) -> list[TallyPart]:
    """Return what is to be told, and let it be told."""
    parts = list(tally.changes())
    for part in parts:
        tally.confirm(part)
    return parts


def lines(*parts: TallyPart) -> Counter[tuple[str, str, str]]:
    """Return how many hits of which site ended in which way and for which reason."""
    found: Counter[tuple[str, str, str]] = Counter()
    for part in parts:
        for line in part.lines:
            found[line.site, line.ending.value, line.reason] += line.hits
    return found


@pytest.mark.parametrize(
    ("outcome", "ending", "reason"),
    [
        (STORED, Ending.STORED, ""),
        (Stored(id="1", duplicate=True), Ending.REPEATED, ""),
        *((Dropped(reason), Ending.DROPPED, reason.value) for reason in DropReason),
        *((Rejected(reason, "."), Ending.REJECTED, reason.value) for reason in RejectReason),
        *((Refused(reason), Ending.REFUSED, reason.value) for reason in RefuseReason),
        *((Unavailable(reason), Ending.UNAVAILABLE, reason.value) for reason in UnavailableReason),
    ],
)
def test_each_ending_and_reason_has_a_line_that_the_contract_takes(outcome: Outcome, ending: Ending, reason: str):
    tally = Tally(tenant="main")
    for _ in range(3):
        tally.at(NOW).count(SHOP, "native", outcome)
    (part,) = tell(tally)
    read: TallyPart = TALLY_CODEC.decode(TALLY_CODEC.encode(part))
    (line,) = read.lines
    assert (line.tenant, line.site, line.dialect) == ("main", "shop.example", "native")
    assert (line.ending, line.reason, line.hits) == (ending, reason, 3)
    assert (read.run, read.hour) == (tally.run, HOUR)


def test_only_what_has_changed_is_told_and_counts_are_cumulative():
    tally = Tally()
    tally.at(NOW).count(SHOP, "native", STORED)
    tally.at(NOW + timedelta(hours=1)).count(SHOP, "native", STORED)
    first = tell(tally)
    assert [part.hour for part in first] == [HOUR, HOUR + timedelta(hours=1)]
    assert tell(tally) == []
    tally.at(NOW).count(SHOP, "native", STORED)
    (again,) = tell(tally)
    assert (again.subject, again.lines[0].hits) == (first[0].subject, 2)


def test_what_could_not_be_told_is_told_with_the_next_round():
    tally = Tally()
    tally.at(NOW).count(SHOP, "native", STORED)
    list(tally.changes())  # and no confirmation comes
    tally.at(NOW).count(SHOP, "native", STORED)
    (part,) = tell(tally)
    assert part.lines[0].hits == 2


def test_a_hit_that_is_counted_while_its_part_is_on_its_way_is_told_next():
    tally = Tally()
    tally.at(NOW).count(SHOP, "native", STORED)
    (part,) = list(tally.changes())
    tally.at(NOW).count(SHOP, "native", STORED)
    tally.confirm(part)
    (next_,) = tell(tally)
    assert next_.lines[0].hits == 2


def test_a_fate_that_is_known_while_its_part_is_on_its_way_is_told_next():
    tally = Tally()
    fate = Fate()
    tally.at(NOW).count(SHOP, "native", Unavailable(TIMEOUT, fate=fate))
    (part,) = list(tally.changes())
    fate.landed()
    tally.confirm(part)
    assert the_line(tally).landed == 1


def test_a_part_is_bounded_in_lines_and_bytes_and_a_line_stays_in_its_part():
    tally = Tally()
    names = [f"{number}.{'x' * 200}.example" for number in range(700)]
    for name in names:
        tally.at(NOW).count(Site(tenant="main", id=name), "native", STORED)
    parts = tell(tally)
    assert all(len(part.lines) <= tallying.PART_LINES for part in parts)
    assert max(len(TALLY_CODEC.encode(part)) for part in parts) < MAX_PART_BYTES * 3 // 4
    assert len({part.subject for part in parts}) == len(parts) > 1
    tally.at(NOW).count(Site(tenant="main", id=names[0]), "native", STORED)
    tally.at(NOW).count(Site(tenant="main", id=names[-1]), "native", STORED)
    changed = tell(tally)
    assert [part.part for part in changed] == [parts[0].part, parts[-1].part]
    assert sum(lines(*changed, *parts[1:-1]).values()) == 702


def test_an_hour_that_is_told_is_forgotten_and_one_that_is_not_is_kept():
    tally = Tally()
    tally.at(NOW).count(SHOP, "native", STORED)
    tally.forget(NOW + timedelta(hours=9))
    assert len(tell(tally)) == 1
    tally.forget(NOW + timedelta(hours=2))
    tally.retell()
    assert len(tell(tally)) == 1, "it is held for some hours more"
    tally.forget(NOW + timedelta(hours=3))
    tally.retell()
    assert tell(tally) == []


def test_a_clock_that_goes_back_overwrites_nothing_that_was_told():
    tally = Tally()
    tally.at(NOW).count(SHOP, "native", STORED)
    (before,) = tell(tally)
    tally.forget(NOW + timedelta(hours=9))
    tally.at(NOW).count(SHOP, "native", STORED)
    (after,) = tell(tally)
    assert after.subject != before.subject
    assert sum(lines(before, after).values()) == 2


def test_midnight_begins_another_hour():
    tally = Tally()
    midnight = datetime(2026, 11, 27, tzinfo=UTC)
    for moment in (midnight - timedelta(microseconds=1), midnight, midnight - timedelta(microseconds=1)):
        tally.at(moment).count(SHOP, "native", STORED)
    assert [(part.hour, part.lines[0].hits) for part in tell(tally)] == [(midnight - timedelta(hours=1), 2), (midnight, 1)]


def test_a_flood_of_names_takes_bounded_room_and_no_hit_is_left_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tallying, "MOST_IN_AN_HOUR", 50)
    monkeypatch.setattr(tallying, "MOST_LINES", 80)
    tally = Tally()
    for number in range(300):
        tally.at(NOW + timedelta(hours=number % 3)).count(Site(tenant="main", id=f"{number}.example"), "native", STORED)
    found = lines(*tell(tally))
    assert sum(found.values()) == 300
    assert len(found) < 90
    assert found[OTHER_SITES, "stored", ""] > 200


def test_a_request_of_which_nothing_else_is_known_is_its_credentials():
    tally = Tally(tenant="main")
    assert tally.site_of_sender(A_PAGE) == Site(tenant="main", id="")
    assert tally.site_of_sender(Sender(tenant="theirs", site="shop.example")) == Site(tenant="theirs", id="shop.example")


def the_line(tally: Tally) -> TallyLine:
    (part,) = tell(tally)
    (line,) = part.lines
    return line


def test_what_was_never_sent_has_not_landed_and_what_was_is_not_known():
    tally = Tally()
    tally.at(NOW).count(SHOP, "native", Unavailable(UnavailableReason.OVERLOADED))
    assert (the_line(tally).hits, the_line_again(tally).not_landed) == (1, 1)
    tally = Tally()
    tally.at(NOW).count(SHOP, "native", Unavailable(TIMEOUT, fate=Fate()))
    assert the_line(tally) == TallyLine(
        tenant="main", site="shop.example", dialect="native", ending=Ending.UNAVAILABLE, reason="stream_timeout", hits=1
    )


def the_line_again(tally: Tally) -> TallyLine:
    tally.retell()
    return the_line(tally)


def test_what_a_full_stream_refused_has_not_landed_though_it_was_sent():
    tally = Tally()
    tally.at(NOW).count(SHOP, "native", Unavailable(FULL, fate=Fate()))
    assert the_line(tally).not_landed == 1


def test_a_fate_amends_the_line_once_whenever_it_is_known():
    tally = Tally()
    fates = [Fate() for _ in range(5)]
    fates[0].landed()  # before it is counted
    for fate in fates:
        tally.at(NOW).count(SHOP, "native", Unavailable(TIMEOUT, fate=fate))
    fates[0].landed()
    fates[1].landed()
    fates[1].not_landed()
    fates[2].not_landed()
    line = the_line(tally)
    assert (line.hits, line.landed, line.not_landed) == (5, 2, 1)


def test_a_fate_that_is_known_after_its_line_was_forgotten_adds_to_it():
    tally = Tally()
    fate = Fate()
    tally.at(NOW).count(SHOP, "native", Unavailable(TIMEOUT, fate=fate))
    before = tell(tally)
    tally.forget(NOW + timedelta(hours=9))
    fate.landed()
    (after,) = tell(tally)
    assert after.subject != before[0].subject
    assert (after.hour, after.lines[0].hits, after.lines[0].landed) == (HOUR, 0, 1)


def test_what_comes_with_more_keys_than_an_hour_tells_apart_is_told_by_its_site_all_the_same(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tallying, "MOST_KEYED_IN_AN_HOUR", 3)
    tally = Tally(tenant="main")
    for number in [*range(10), *range(10)]:
        tally.at(NOW).count(SHOP, "native", STORED, f"k{number}")
    tally.at(NOW).count(SHOP, "native", STORED)
    told = {line.key_id: (line.site, line.hits) for part in tell(tally) for line in part.lines}
    assert told == {f"k{number}": (SHOP.id, 2) for number in range(3)} | {OTHER_KEYS: (SHOP.id, 14), "": (SHOP.id, 1)}
