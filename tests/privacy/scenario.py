"""A day in the life of an installation: everybody comes, things break, the salt changes, and then it is searched."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.privacy import traffic
from tests.privacy.evidence import (
    Evidence,
    connected,
    count_events,
    is_all_projected,
    is_all_tallied,
    query_sessions,
    read_logically,
    read_physically,
    read_salt,
    read_visitors,
    rotate,
)
from tests.privacy.haystacks import joined
from tests.privacy.members import take_part
from tests.privacy.people import People
from tests.privacy.person import Person
from tests.privacy.planting import plant_in_files, plant_in_nats, plant_in_postgres, seeds
from tests.privacy.speaking import Answer, Voice
from tests.privacy.systems import told_to_systems
from tests.running import Up, eventually, run_collector

ACCESS_TOKEN = "the-token-of-the-owner"
KEY = "-listed" * 4


def settings(temporary: Path) -> dict[str, str]:
    """Return the installation's settings: those in which it says the most."""
    return {
        "COLLECTOR_TRUSTED_PROXIES": "127.0.0.1",
        "COLLECTOR_ACCESS_TOKEN": ACCESS_TOKEN,
        "COLLECTOR_API_KEYS": f"main:ingest+identity:override:{KEY}",
        "COLLECTOR_LOG_LEVEL": "debug",
        "TMPDIR": str(temporary),
    }


def live_through(running: Up, people: People, temporary: Path) -> Evidence:
    """Let it all happen and return what is left."""
    port = running.port
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(_dawdle, Voice(people.proxied, port))
        answers = [answer for voice in _voices(people, port) for answer in _speak(voice)]
        handed = take_part(running, Voice(people.member, port), lambda: _invite(running))
        answers += handed.answers
        before = asyncio.run(count_events(running))
        objecting = Voice(people.objecting, port)
        objections = _object(objecting)
        answers += traffic.objecting(objecting._replace(extra=(("Sec-GPC", "1"),)))
        stored_of_objections = asyncio.run(count_events(running)) - before
        answers += [*_without_nats(running, people, pool), *_without_postgres(running, people, pool), slow.result()]
    imported = _import(running, people.imported)
    eventually(lambda: asyncio.run(is_all_projected(running)), "the projector has read everything")
    eventually(lambda: asyncio.run(is_all_tallied(running)), "what was not stored is known")
    clean = verify(running)
    metrics = [Voice(people.planted, where).scrape() for where in (port, running.runtime["projector_port"])]
    day, key = asyncio.run(read_salt(running))
    visitors = asyncio.run(read_visitors(running))
    asyncio.run(rotate(running, day))
    asyncio.run(_plant(running, people.planted))
    eventually(lambda: asyncio.run(is_all_projected(running)), "the projector has read what was planted")
    dirty = verify(running)
    logical = asyncio.run(read_logically(running))
    assert running.stop() == 0
    plant_in_files(running, temporary, people.planted)
    told = {
        "answers": [answer.everything for answer in [*answers, *objections]],
        "metrics": [answer.everything for answer in metrics],
        "what commands said": [text.encode() for done in (imported, clean, dirty) for text in (done.stdout, done.stderr)],
    }
    return Evidence(
        answers=answers,
        objections=objections,
        stored_of_objections=stored_of_objections,
        key=key,
        handed=handed.secrets,
        day=day,
        visitors=visitors,
        clean=clean,
        dirty=dirty,
        told={place: joined([*pieces, seeds(people.planted)]) for place, pieces in told.items()},
        logical=logical,
        physical=read_physically(running, temporary),
    )


def verify(running: Up) -> subprocess.CompletedProcess[str]:
    """Have the product search itself."""
    return run_collector(running.data.parent, "privacy", "verify", "--all", "--data", str(running.data))


def _invite(running: Up) -> subprocess.CompletedProcess[str]:
    return run_collector(running.data.parent, "members", "invite", "--data", str(running.data))


def _voices(people: People, port: int) -> Iterator[Voice]:
    yield Voice(people.proxied, port)
    yield Voice(people.proxied6, port)
    yield Voice(people.direct, port, source=people.direct.ip)
    # Whom nobody trusts speaks for somebody else, and is not believed.
    yield Voice(people.spoofed, port, source=people.direct.ip)


def _speak(voice: Voice) -> Iterator[Answer]:
    yield from traffic.proper(voice)
    yield from traffic.passed_on(voice, KEY)
    yield from told_to_systems(voice, KEY)
    yield from traffic.refused(voice)
    yield from traffic.broken(voice)
    yield from traffic.curious(voice, ACCESS_TOKEN)


def _object(voice: Voice) -> list[Answer]:
    signals = (("Sec-GPC", "1"), ("DNT", "1"))
    return [answer for signal_ in signals for answer in traffic.proper(voice._replace(extra=(signal_,)))]


def _dawdle(voice: Voice) -> Answer:
    half = f'{{"url": "/{voice.person.email}'.encode()
    return voice.say(voice.head("POST", "/api/event", {"Content-Length": "9999"}) + half)


def _without_nats(running: Up, people: People, pool: ThreadPoolExecutor) -> list[Answer]:
    with _frozen(running.children["nats-server"]):
        asked = [pool.submit(list, traffic.lost(voice)) for voice in _voices(people, running.port)]
        return [answer for one in asked for answer in one.result()]


def _without_postgres(running: Up, people: People, pool: ThreadPoolExecutor) -> list[Answer]:
    sessions = asyncio.run(query_sessions(running))
    with _frozen(running.children["postgres"]):
        # Sessions that are open would go on answering; new ones wait for the frozen postmaster.
        for pid in sessions:
            os.kill(pid, signal.SIGTERM)
        asked = [pool.submit(list, traffic.unanswered(voice, ACCESS_TOKEN)) for voice in _voices(people, running.port)]
        return [answer for one in asked for answer in one.result()]


@contextmanager
def _frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _import(running: Up, somebody: Person) -> subprocess.CompletedProcess[str]:
    log = running.data.with_name("access.log")
    moment = "[21/Nov/2026:10:00:00 +0000]"
    path = f"/u/{somebody.email}/{somebody.token}?key={somebody.api_key}"
    line = f'{somebody.ip} - {somebody.email} {moment} "GET {path} HTTP/1.1" 200 99'
    line += f' "https://{somebody.ip}/" "{somebody.user_agent}"'
    log.write_text(f"{line}\n{line[:90]}\nnot a line of {somebody.email}\n")
    arguments = ("import", "accesslog", str(log), "--site", traffic.SITE, "--data", str(running.data))
    done = run_collector(running.data.parent, *arguments)
    assert done.returncode == 0, done.stderr
    return done


async def _plant(running: Up, planted: Person) -> None:
    async with connected(running) as client:
        await plant_in_nats(client, planted)
    await plant_in_postgres(running.runtime["database_url"], planted)
