"""What whoever imports a log is told: whose visits it holds, where it may be misread, and what is no log at all."""

from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from collector.cli.import_accesslog import command
from collector.imports.accesslog.bring import bring_in
from collector.imports.accesslog.notes import notes_on
from collector.imports.accesslog.skip import REMEDIES, SkipReason
from collector.imports.accesslog.summary import Summary
from collector.privacy.client_ip import TrustedProxies
from collector.privacy.enrich.lists import Lists
from contracts.events import WebEvent
from tests.collector.imports.logs import ROBOT, SITE, line, opened, written

PEOPLE = tuple(f"192.0.2.{number}" for number in range(3))
FORWARDED = tuple(f'{line(ip="10.0.0.9")} "{ip}"' for ip in PEOPLE)


async def brought(lists: Lists, folder: Path, lines: tuple[str, ...], *trusted: str) -> tuple[list[WebEvent], list[str]]:
    """Return the events in a log of *lines*, and each word that is told of it."""
    walk, summary, events = opened(lists, trusted=TrustedProxies.parse(trusted)), Summary(), []

    async def keep(event: WebEvent) -> None:
        events.append(event)

    await bring_in([written(folder, lines)], walk=walk, send=keep, summary=summary)
    told = (*summary.rows(walk.crowd), *notes_on(summary, walk))
    return events, [f"{number} {words.strip()}" for number, words in told]


# The lines, who is trusted, how many events each visitor has, and what is told.
WHO = {
    "syslog": ([f"Nov 24 10:00:00 web1 nginx: {line(ip=ip)}" for ip in PEOPLE], (), [1, 1, 1], "3 visitors from 3 addresses"),
    "container": (
        [f"2026-11-24T10:00:00.12345678{number}Z {line(f'/{number}')}" for number in range(3)],
        (),
        [3],
        "1 visitor from 1 address",
    ),
    "names": (
        [line(ip=f"pool-{number}.isp.example", vhost="shop.example ") for number in range(3)],
        (),
        [1, 1, 1],
        "3 visitors from 3 addresses",
    ),
    "duration": ([f"{number} {line(f'/{number}')}" for number in (336, 284, 1190)], (), [3], "1 visitor from 1 address"),
    "trusted": (FORWARDED, ("10.0.0.9",), [1, 1, 1], "3 visitors from 3 addresses"),
    "doubtful": (FORWARDED, (), [3], "--trusted-proxy ADDRESS"),
    "nobody": ([line(ip="-")] * 3 + [line()], (), [1], "3 without an address or a name of the client where one should stand"),
    "nobody, and what can be done": ([line(ip="-")] * 3, (), [], REMEDIES[SkipReason.NO_CLIENT]),
    "absolute": ([line(f"http://shop.example/{ip}", ip=ip) for ip in PEOPLE], (), [1, 1, 1], "3 visitors from 3 addresses"),
    "somebody elses": ([line("http://elsewhere.example/")], (), [], f"1 {SkipReason.ELSEWHERE.value}"),
    "proxy alone": ([line(ip="10.0.0.9")] * 2 + [line()], ("private",), [1], REMEDIES[SkipReason.PROXY_ALONE]),
    "several": ([line(ip=f"192.0.2.1, {ip}") for ip in PEOPLE[2:]], (), [], REMEDIES[SkipReason.SEVERAL_CLIENTS]),
    "one address": ([line(f"/{number}") for number in range(20)], (), [20], "20 of the events come from one address"),
    "robots": ([line(agent=ROBOT)], (), [1], "0 visitors from 0 addresses"),
}


@pytest.mark.parametrize(("lines", "trusted", "visitors", "says"), WHO.values(), ids=WHO)
async def test_who_is_who_in_a_log_and_what_is_told_of_it(  # noqa: PLR0917  # a case and where to try it
    lists: Lists, tmp_path: Path, lines: tuple[str, ...], trusted: tuple[str, ...], visitors: list[int], says: str
):
    events, told = await brought(lists, tmp_path, lines, *trusted)
    assert sorted(Counter(event.visitor for event in events).values()) == visitors
    assert {event.page.hostname for event in events} <= {SITE}
    assert any(says in word for word in told), told


async def test_nothing_is_said_against_a_log_that_is_well(lists: Lists, tmp_path: Path):
    _, told = await brought(lists, tmp_path, tuple(line(ip=f"192.0.2.{number}") for number in range(40)))
    assert told == [
        "40 lines read",
        "40 pageviews",
        "0 downloads",
        "0 links that lead to nothing",
        "0 of these by robots",
        "40 visitors from 40 addresses",
        "0 skipped",
    ]


@pytest.mark.parametrize(
    ("lines", "arguments", "says"),
    [
        (["root:x:0:0:root:/root:/bin/bash", "# a comment", '{"a": 1}'], [], "--format names one: auto, common"),
        ([], [], "the log is empty"),
        (["", "#Version: 1.0"], [], "the log is empty"),
        ([line()], ["--format", "squid"], "'nginx', 'apache', 'caddy', 'traefik', 'varnish'"),
        ([line()], ["--format", "caddy"], "is it an access log?"),
        ([line()], ["--trusted-proxy", "lb"], "must be addresses or networks"),
    ],
)
def test_what_is_no_log_is_refused_with_a_sentence_and_no_numbers(
    tmp_path: Path, lines: list[str], arguments: list[str], says: str
):
    told = CliRunner().invoke(
        command, [str(written(tmp_path, lines)), "--site", SITE, "--dry-run", "--data", str(tmp_path), *arguments]
    )
    assert told.exit_code == 2
    assert says in " ".join(told.output.split())
    assert "lines read" not in told.output


@pytest.mark.parametrize(("proxy", "visitors"), [("10.0.0.9", 3), ("none", 1)])
def test_an_option_names_the_proxies_before_the_settings_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str, visitors: int
):
    monkeypatch.setenv("COLLECTOR_TRUSTED_PROXIES", "172.16.0.1" if proxy != "none" else "10.0.0.9")
    told = CliRunner().invoke(
        command,
        [str(written(tmp_path, FORWARDED)), "--site", SITE, "--dry-run", "--data", str(tmp_path), "--trusted-proxy", proxy],
    )
    assert f"{visitors:>12,}  visitor{'s' if visitors > 1 else ''} from" in told.output


async def test_health_checks_between_two_visits_are_robots_and_the_two_are_people(lists: Lists, tmp_path: Path):
    checks = ["ELB-HealthChecker/2.0"] * 30 + ["GoogleHC/1.0"] * 5 + ["kube-probe/1.31"] * 5
    log = (*(line("/health", agent=agent) for agent in checks), *(line("/pricing", ip=ip) for ip in PEOPLE[:2]))
    events, told = await brought(lists, tmp_path, log)
    assert Counter(event.bot is None for event in events) == {False: 40, True: 2}
    assert any(words.startswith("2 visitors from 2 addresses") for words in told)
