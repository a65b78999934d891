"""The ids of imported lines: the same each time, apart for each log, and nobody is found by them."""

from collections import Counter, defaultdict
from contextlib import suppress
from pathlib import Path

from collector.imports.accesslog.bring import bring_in
from collector.imports.accesslog.skip import Skipped
from collector.imports.accesslog.summary import Summary
from collector.privacy.enrich.lists import Lists
from contracts.events import WebEvent
from tests.collector.imports.logs import BROWSER, busy_log, line, opened, written


def ids_of(lists: Lists, *lines: str) -> list[str]:
    walk, found = opened(lists), []
    for one in lines:
        with suppress(Skipped):
            found.append(walk.walk(one.encode()).id)
    return found


def test_the_logs_of_two_servers_both_count_also_where_their_lines_are_alike(lists: Lists):
    first, second = ([line(target, ip=f"192.0.2.{server}") for target in ("/", "/a", "/")] for server in (1, 2))
    assert len({*ids_of(lists, *first), *ids_of(lists, *second)}) == 6


def test_of_a_log_that_was_cut_elsewhere_only_the_lines_behind_the_cut_have_other_ids(lists: Lists):
    log = busy_log(4000)

    whole = Counter(ids_of(lists, *log))
    joined = Counter([*ids_of(lists, *log[:1500]), *ids_of(lists, *log[1500:])])
    assert whole.total() == joined.total() == len(joined)
    assert 0 < len(whole - joined) < 400


def test_a_log_is_the_same_whoever_keeps_it(lists: Lists):
    log = [line("/", ip="192.0.2.7"), line("/a", ip="192.0.2.8")]
    kept = [f"Nov 24 10:00:00 web1 nginx: {one}" for one in log]
    assert ids_of(lists, *kept) == ids_of(lists, *log)


async def test_one_file_that_is_named_twice_counts_once_and_another_beside_it_counts_too(lists: Lists, tmp_path: Path):
    one, other = (written(tmp_path, [line(ip=f"192.0.2.{number}")] * 3, f"{number}.log") for number in (1, 2))
    ids: list[str] = []

    async def keep(event: WebEvent) -> None:
        ids.append(event.id)

    await bring_in([one, one, other], walk=opened(lists), send=keep, summary=Summary())
    assert (len(ids), len(set(ids))) == (9, 6)


def test_of_an_address_an_id_tells_four_bits_and_every_other_of_its_ids_the_same_four(lists: Lists):
    """Whoever tries all addresses finds a sixteenth of them behind any id, and not fewer behind many ids of one."""
    addresses = [f"198.51.{number // 256}.{number % 256}" for number in range(600)]
    sides: list[set[frozenset[str]]] = []
    for second, agent in ((1, BROWSER), (2, f"{BROWSER} Another/1.0")):
        alike = defaultdict(set)
        for ip in addresses:
            (id_,) = ids_of(lists, line(ip=ip, agent=agent, at=f"17/May/2026:10:00:0{second} +0000"))
            alike[id_].add(ip)
        sides.append({frozenset(those) for those in alike.values()})
    assert sides[0] == sides[1]
    assert 8 <= len(sides[0]) <= 16
