"""`collector import accesslog` as an operator runs it: against a real NATS that may be full, frozen, killed or not there."""

import asyncio
import gzip
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from collector.cli.options import settings_with
from collector.failure import Failure
from collector.imports.accesslog.skip import SkipReason
from collector.imports.delivery import open_delivery
from collector.imports.demo.month import Month
from collector.local.nats import NatsServer
from collector.privacy.enrich.sources import Sources
from collector.sites import Site
from contracts.control.sites import SiteArchived
from contracts.events import BotRule
from tests.collector.control.telling import writing
from tests.collector.imports.logs import (
    BROWSER,
    ROBOT,
    SITE,
    busy_log,
    collector,
    held,
    line,
    paths_in,
    told,
    until_held,
    written,
)
from tests.ports import free_port

LOG = busy_log(6000)
HEAD, TAIL = LOG[:3000], LOG[3000:]


NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)


async def imported(*arguments: str | Path, nats_url: str, **environment: str) -> tuple[int, str]:
    return await told(await collector("import", "accesslog", *arguments, nats_url=nats_url, environment=environment))


async def fed(nats_url: str) -> Any:
    """Start an import that reads from a pipe."""
    arguments = ("import", "accesslog", "-", "--site", SITE)
    return await collector(*arguments, nats_url=nats_url, stdin=asyncio.subprocess.PIPE)


def as_bytes(lines: Sequence[str]) -> bytes:
    return "".join(f"{one}\n" for one in lines).encode()


async def test_importing_twice_changes_nothing(stream_free_nats: str, tmp_path: Path):
    log = written(tmp_path, LOG)
    code, first = await imported(log, "--site", SITE, nats_url=stream_free_nats)
    assert code == 0, first
    facts = await held(stream_free_nats)
    code, second = await imported(log, "--site", SITE, "--batch", "again", nats_url=stream_free_nats)
    assert code == 0, second
    assert await held(stream_free_nats) == facts
    assert f"{len(facts):>12,}  new in the event stream" in first
    assert f"{len(facts):>12,}  already known to it" in second
    assert max(Counter(fact.id for fact in facts).values()) == 1


async def test_the_summary_accounts_for_every_line(stream_free_nats: str, tmp_path: Path):
    lines = [
        line(),
        line("/a", agent=ROBOT),
        line("/g.pdf"),
        line("/gone", status=404, referrer=f"https://{SITE}/links"),
        line("/s.css"),
        line("/feed"),
        line(method="POST"),
        "",
        "nonsense",
    ]
    code, output = await imported(written(tmp_path, lines), "--site", SITE, nats_url=stream_free_nats)
    assert code == 0, output
    rows = [row.split(maxsplit=1) for row in output.splitlines() if row.startswith("    ")]
    assert rows == [
        ["8", "lines read"],
        ["2", "pageviews"],
        ["1", "downloads"],
        ["1", "links that lead to nothing"],
        ["1", "of these by robots"],
        ["1", "visitor from 1 address"],
        ["4", "skipped"],
        *(["1", reason.value] for reason in (SkipReason.ASSET, SkipReason.FEED, SkipReason.METHOD, SkipReason.MALFORMED)),
        ["4", "new in the event stream"],
        ["0", "already known to it"],
    ]
    assert f"/sites/{SITE}?period=custom&from=2026-05-17&to=2026-05-17" in output
    assert [fact.bot for fact in await held(stream_free_nats)] == [None, BotRule.CRAWLER, None, None]


async def test_several_files_pipes_and_gzip_are_one_log(stream_free_nats: str, tmp_path: Path):
    packed = tmp_path / "access.log.1.gz"
    packed.write_bytes(gzip.compress(f"{line('/packed')}\n".encode()))
    plain = written(tmp_path, [line("/plain", vhost=f"{SITE}:443 ")])
    process = await collector(
        "import", "accesslog", packed, plain, "-", "--site", SITE, nats_url=stream_free_nats, stdin=asyncio.subprocess.PIPE
    )
    process.stdin.write(gzip.compress(line("/piped").encode()))
    process.stdin.close()
    code, output = await told(process)
    assert code == 0, output
    assert [fact.page.path for fact in await held(stream_free_nats)] == ["/packed", "/plain", "/piped"]


async def test_a_damaged_file_is_imported_up_to_the_damage_and_is_an_error(stream_free_nats: str, tmp_path: Path):
    damaged = tmp_path / "access.log.gz"
    whole = gzip.compress(as_bytes(LOG))
    damaged.write_bytes(whole[: len(whole) * 9 // 10])
    code, output = await imported(damaged, "--site", SITE, nats_url=stream_free_nats)
    assert code == 1
    assert "cut off" in output
    assert len(await held(stream_free_nats)) > len(LOG) // 4


async def test_a_dry_run_tells_and_stores_nothing(stream_free_nats: str, tmp_path: Path):
    code, output = await imported(written(tmp_path, [line()]), "--site", SITE, "--dry-run", nats_url=stream_free_nats)
    assert code == 0, output
    assert "Nothing was stored" in output
    assert await held(stream_free_nats) == []


@pytest.mark.parametrize(
    ("lines", "arguments", "says"),
    [
        ([line()], [], "--site shop.example"),
        (["nonsense"] * 3, ["--site", SITE], "is it an access log?"),
        ([line()], ["--site", "no site"], "a site's name"),
        ([line()], ["--site", SITE, "--batch", "a b"], "dashes and underscores"),
    ],
)
async def test_what_cannot_be_right_is_refused(
    stream_free_nats: str, tmp_path: Path, lines: list[str], arguments: list[str], says: str
):
    code, output = await imported(written(tmp_path, lines), *arguments, nats_url=stream_free_nats)
    assert (code, await held(stream_free_nats)) == (2, [])
    assert says in " ".join(output.split())


async def test_the_logs_of_two_servers_that_are_imported_one_after_the_other_both_count(stream_free_nats: str, tmp_path: Path):
    for server in ("192.0.2.7", "192.0.2.8"):
        log = written(tmp_path, [line(ip=server), line("/a", ip=server), line("/a", ip=server)], f"{server}.log")
        for new, known in ((3, 0), (0, 3)):
            code, output = await imported(log, "--site", SITE, nats_url=stream_free_nats)
            assert code == 0, output
            assert f"{new:>12,}  new in the event stream" in output
            assert f"{known:>12,}  already known to it" in output
    facts = await held(stream_free_nats)
    assert Counter(fact.page.path for fact in facts) == {"/": 2, "/a": 4}


async def test_production_imports_for_listed_sites_only(stream_free_nats: str, tmp_path: Path):
    production = {"COLLECTOR_MODE": "production", "COLLECTOR_SITES": SITE}
    log = written(tmp_path, [line()])
    code, output = await imported(log, "--site", "other.example", nats_url=stream_free_nats, **production)
    assert code == 2
    assert "COLLECTOR_SITES" in output
    code, output = await imported(log, nats_url=stream_free_nats, **production)
    assert code == 0, output
    assert [fact.site for fact in await held(stream_free_nats)] == [SITE]


async def test_production_imports_for_a_site_that_was_added_by_any_of_its_names(stream_free_nats: str, tmp_path: Path):
    production, log = {"COLLECTOR_MODE": "production"}, written(tmp_path, [line()])
    async with writing(stream_free_nats) as pen:
        await pen.make()
        await pen.write([*pen.site("acme", SITE, "alias.example"), *pen.site("acme", "closed.example")])
        await pen.write(pen.of_site(SiteArchived, "acme", "closed.example"))
        for name, ends, says in (("closed.example", 2, "archived"), ("alias.example", 0, "new in the event stream")):
            code, output = await imported(log, "--site", name, nats_url=stream_free_nats, **production)
            assert (code, says in output) == (ends, True), output
    assert [(fact.tenant, fact.site) for fact in await held(stream_free_nats)] == [("acme", SITE)]


async def test_nobody_is_found_on_disk_or_in_the_output(nats_server: Callable[[], NatsServer], tmp_path: Path):
    server = nats_server()
    canaries = ("192.0.2.213", "2001:db8:77:13::5", "Canary/77.13.5")
    lines = [line(f"/{number}", ip=canaries[number % 2], agent=f"{BROWSER} {canaries[2]}") for number in range(500)]
    lines += [f"{canaries[0]} {canaries[2]} no line of a log", line(referrer=f"https://news.example/?ip={canaries[0]}")]
    code, output = await imported(written(tmp_path, lines), "--site", SITE, nats_url=server.url)
    assert code == 0, output
    server.stop()
    stored = b"".join(file.read_bytes() for file in (tmp_path / "nats-0").rglob("*") if file.is_file())
    assert b"/499" in stored
    for canary in canaries:
        assert canary.encode() not in stored
        assert canary not in output


async def test_nats_killed_in_the_middle_costs_nothing(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    process = await fed(server.url)
    process.stdin.write(as_bytes(HEAD))
    await process.stdin.drain()
    await until_held(server.url, 100)
    os.kill(server.pid, signal.SIGKILL)
    server.child.process.wait()
    process.stdin.write(as_bytes(TAIL))
    process.stdin.close()
    server.start()
    code, output = await told(process)
    assert code == 0, output
    facts = await held(server.url)
    assert max(Counter(fact.id for fact in facts).values()) == 1
    assert Counter(fact.page.path for fact in facts) == paths_in(LOG)


async def test_an_import_that_was_killed_is_completed_by_the_same_command(
    nats_server: Callable[[], NatsServer], tmp_path: Path
):
    server = nats_server()
    process = await fed(server.url)
    process.stdin.write(as_bytes(HEAD))
    await process.stdin.drain()
    await until_held(server.url, 100)
    process.kill()
    await process.communicate()
    code, output = await imported(written(tmp_path, LOG), "--site", SITE, nats_url=server.url)
    assert code == 0, output
    facts = await held(server.url)
    assert max(Counter(fact.id for fact in facts).values()) == 1
    assert Counter(fact.page.path for fact in facts) == paths_in(LOG)


async def test_a_full_stream_says_so_and_what_to_do(stream_free_nats: str, tmp_path: Path):
    log = written(tmp_path, LOG)
    code, output = await imported(log, "--site", SITE, nats_url=stream_free_nats, COLLECTOR_STREAM_MAX_BYTES=str(1 << 20))
    assert code == 1
    assert "the event stream is full" in " ".join(output.split())
    code, output = await imported(log, "--site", SITE, nats_url=stream_free_nats)
    assert code == 0, output
    assert max(Counter(fact.id for fact in await held(stream_free_nats)).values()) == 1


async def test_nats_that_is_not_there_is_an_error_in_time():
    settings = settings_with(nats_url=f"nats://127.0.0.1:{free_port()}")
    with pytest.raises(Failure, match="cannot be reached"):
        async with open_delivery(settings, patience=0.5):
            pass


async def test_nats_that_does_not_come_back_is_an_error_that_says_how_to_go_on(nats_server: Callable[[], NatsServer]):
    with pytest.raises(Failure, match="run the same command again"):
        await deliver_until_killed(nats_server())


async def deliver_until_killed(server: NatsServer) -> None:
    settings = settings_with(nats_url=server.url, stream_max_bytes=1 << 28)
    month = Month(site=Site(tenant="main", id=SITE), seed=1, days=2, now=NOW, sources=Sources())
    async with open_delivery(settings, patience=0.5) as delivery:
        os.kill(server.pid, signal.SIGKILL)
        server.child.process.wait()
        for event in chain.from_iterable(month.by_day()):
            await delivery.send(event)
