"""The requests that the load generator sends, built before the clock starts; TRAFFIC is the list of their kinds.

They are what the snippet posts from a browser, headers included: 250 bytes of JSON, each with an id of its own, because a
repeated id is another case. Of eight pageviews one comes from a campaign, one from a search, and six from the page before.
"""

import itertools
import secrets
from collections.abc import Callable, Iterator

import msgspec

from contracts.keys import key_text
from tests.bench.traffic_systems import LARGEST_BATCH, SDK_BATCH, SITE, SYSTEMS_TRAFFIC

BODY_BYTES = 250
BATCH_EVENTS = 500
PATHS = 100_000
AT_A_TIME, VIEWS = 1000, 4
REPEATED = 60
SENT_AGAIN = 20_000
USER_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E1",
)
_HEAD = (
    b"POST /api/%b HTTP/1.1\r\nhost: stats.bench.example\r\nuser-agent: %b\r\naccept: */*\r\n"
    b"accept-language: nb-NO,nb;q=0.9,en;q=0.8\r\naccept-encoding: gzip, deflate, br, zstd\r\nreferer: https://bench.example/\r\n"
    b"content-type: text/plain;charset=UTF-8\r\norigin: https://bench.example\r\nconnection: keep-alive\r\n"
    b"sec-fetch-dest: empty\r\nsec-fetch-mode: cors\r\nsec-fetch-site: same-site\r\npriority: u=4\r\n"
    b"%bcontent-length: %d\r\n\r\n%b"
)


def singles(_: int) -> Iterator[bytes]:
    """Yield pageviews, one to a request, for ever: 64 paths, and one visitor with four browsers."""
    ids = _ids()
    shapes = [_HEAD % (b"event", _agent(number), b"", BODY_BYTES, _pageview(number)) for number in range(64)]
    for shape in itertools.cycle(shapes):
        yield shape.replace(_ID, next(ids), 1)


def of_ten_addresses(_: int) -> Iterator[bytes]:
    """Yield pageviews of visitors with ten addresses, for ever."""
    return _of_addresses(10)


def of_many_addresses(_: int) -> Iterator[bytes]:
    """Yield pageviews of visitors with 100,000 addresses, for ever."""
    return _of_addresses(100_000)


def people(first: int) -> Iterator[bytes]:
    """Yield pageviews of people who see four pages each, a thousand of them in turn, numbered from *first*."""
    ids, forwarded = _ids(), b"x-forwarded-for: {address}\r\n"
    shapes = [_HEAD % (b"event", _agent(number), forwarded, BODY_BYTES, _pageview(number)) for number in range(64)]
    for number in itertools.count(first):
        who = number % AT_A_TIME + number // (AT_A_TIME * VIEWS) * AT_A_TIME
        address = b"93.%d.%d.%d" % (who >> 16 & 255, who >> 8 & 255, who & 255)
        # Somebody has one browser, and sees another page each time.
        shape = shapes[who % 4 + number // AT_A_TIME % 16 * 4]
        yield shape.replace(_ID, next(ids), 1).replace(b"{address}", address, 1)


def keyed(first: int) -> Iterator[bytes]:
    """Yield such pageviews, each with a key: of so many as *first* says there are, in turn."""
    ids = _ids()
    key = b"x-api-key: {key}\r\n"
    shapes = [_HEAD % (b"event", _agent(number), key, BODY_BYTES, _pageview(number)) for number in range(64)]
    for number, shape in enumerate(itertools.cycle(shapes)):
        yield shape.replace(_ID, next(ids), 1).replace(b"{key}", bench_key(number * 7919 % first).encode(), 1)


def bench_key(number: int) -> str:
    """Return the key of that number; it opens nothing but a bench's own servers."""
    return key_text(f"{number:x}", f"{number:043}")


def batches(_: int) -> Iterator[bytes]:
    """Yield native batches of 500 such pageviews, for ever."""
    return _batches_of(BATCH_EVENTS)


def small_batches(_: int) -> Iterator[bytes]:
    """Yield native batches of ten such pageviews, for ever."""
    return _batches_of(SDK_BATCH)


def largest_batches(_: int) -> Iterator[bytes]:
    """Yield native batches of 1,000 such pageviews, for ever."""
    return _batches_of(LARGEST_BATCH)


def repeats(_: int) -> Iterator[bytes]:
    """Yield the same 60 pageviews again and again, for ever, the same in every run."""
    return itertools.cycle(_pageviews_of(b"00000000", REPEATED))


def everything(_: int) -> Iterator[bytes]:
    """Yield the same 20,000 pageviews in every run, and then from the first again, as after an outage."""
    return itertools.cycle(_pageviews_of(b"ffffffff", SENT_AGAIN))


def strangers(first: int) -> Iterator[bytes]:
    """Yield pageviews that each come from another address, numbered from *first*, on 100,000 paths in turn."""
    ids = _ids()
    forwarded = b"x-forwarded-for: {address}\r\n"
    shapes = [_HEAD % (b"event", _agent(number), forwarded, BODY_BYTES, _pageview(number)) for number in range(64)]
    paths = [b"/article-%02d" % number for number in range(64)]
    for number in itertools.count(first):
        address = b"10.%d.%d.%d" % (number >> 16 & 255, number >> 8 & 255, number & 255)
        shape = shapes[number % 64].replace(_ID, next(ids), 1).replace(b"{address}", address, 1)
        yield shape.replace(paths[number % 64], b"/art-%06d" % (number % PATHS), 1)


def of_four_families(first: int) -> Iterator[bytes]:
    """Yield in turn a pageview, ten facts of turns, an action and ten lines of a log, for ever, by the key of the bench."""
    ids, pageviews = _ids(), singles(first)
    for number in itertools.count(first):
        id_, who = next(ids).decode(), f"user-{number % 5000}"
        yield next(pageviews)
        yield _posted("/api/events", {"events": [_turn(f"{id_}-{event}", number, event, who) for event in range(10)]})
        tracked = {
            "event": f"action_{number % 40}",
            "userId": who,
            "eventId": id_,
            "properties": {"plan": "pro", "page": number},
        }
        yield _posted("/v1/track", tracked)
        yield _posted("/api/v1/batch-ingest", {"logs": [_line(f"{id_}-{line}", number, who) for line in range(10)]})


FACTS_OF_FOUR = 22

TRAFFIC: dict[str, Callable[[int], Iterator[bytes]]] = {
    "singles": singles,
    "of_ten_addresses": of_ten_addresses,
    "of_many_addresses": of_many_addresses,
    "people": people,
    "keyed": keyed,
    "batches": batches,
    "small_batches": small_batches,
    "largest_batches": largest_batches,
    "strangers": strangers,
    "repeats": repeats,
    "everything": everything,
    **SYSTEMS_TRAFFIC,
    "of_four_families": of_four_families,
}

# Takes the place of an id, and is as long as one.
_ID = b"00000000-0000-4000-8000-000000000000"


def _ids() -> Iterator[bytes]:
    """Yield UUIDs, different ones in every run."""
    run = secrets.token_hex(4)
    return (b"%b-0000-4000-8000-%012x" % (run.encode(), number) for number in itertools.count())


def _of_addresses(count: int) -> Iterator[bytes]:
    # Public ones, as a proxy hands them on: those of private networks are not counted.
    ids, forwarded = _ids(), b"x-forwarded-for: {address}\r\n"
    shapes = [_HEAD % (b"event", _agent(number), forwarded, BODY_BYTES, _pageview(number)) for number in range(64)]
    for number in itertools.count(secrets.randbelow(count)):  # a run does not come round
        who = number % count
        address = b"93.%d.%d.%d" % (who >> 16 & 255, who >> 8 & 255, who & 255)
        yield shapes[number % 64].replace(_ID, next(ids), 1).replace(b"{address}", address, 1)


def _batches_of(events: int) -> Iterator[bytes]:
    # The first eight digits of an id are the batch's, the last twelve the event's, so that one replacement makes a new batch.
    bodies = (_pageview(number).replace(_ID, b"%b%012x" % (_ID[:-12], number)) for number in range(events))
    content = b'{"events":[%b]}' % b",".join(bodies)
    request = _HEAD % (b"events/batch", _agent(0), b"", len(content), content)
    for batch in itertools.count(secrets.randbits(31)):
        yield request.replace(_ID[:24], b"%08x%b" % (batch, _ID[8:24]))


def _pageviews_of(run: bytes, count: int) -> list[bytes]:
    shape = _HEAD % (b"event", _agent(0), b"", BODY_BYTES, _pageview(0))
    return [shape.replace(_ID, b"%b-0000-4000-8000-%012x" % (run, number), 1) for number in range(count)]


def _posted(path: str, document: dict[str, object]) -> bytes:
    """Return *document* as a server sends it, with a key in the place of each system."""
    body = msgspec.json.encode(document)
    return (
        f"POST {path} HTTP/1.1\r\nhost: stats.bench.example\r\ncontent-type: application/json\r\nx-tenant-id: main\r\n"
        f"authorization: Bearer {bench_key(0)}\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode() + body


def _turn(id_: str, number: int, event: int, who: str) -> dict[str, object]:
    kinds = ("turn_started", "turn_completed", "vote_cast")
    said = {
        "turnId": f"turn-{number}-{event // 3}",
        "modelUsed": "gpt-4",
        "responseTime": 0.5,
        "responseLength": 300,
        "value": 1,
    }
    return {"eventId": id_, "eventType": kinds[event % 3], "userId": who, "properties": said}


def _line(id_: str, number: int, who: str) -> dict[str, object]:
    return {
        "event_id": id_,
        "event_type": "telemetry",
        "event_name": f"event_{number % 200}",
        "user_id": who,
        "session_id": f"session-{number // 10}",
        "app_version": "2.0.0+6",
        "device_info": {"platform": "ios", "model": "iPhone"},
        "properties": {"value": number, "tags": {"provider": "bench"}},
    }


def _agent(number: int) -> bytes:
    return USER_AGENTS[number % len(USER_AGENTS)].encode()


def _pageview(number: int) -> bytes:
    """Return a pageview, padded in its path to the length that all of them have."""
    query = "?utm_source=newsletter&utm_medium=email" if number % 8 == 1 else ""
    referrer = "https://www.google.com/" if number % 8 == 0 else f"https://{SITE}/before"
    start = f'{{"id":"{_ID.decode()}","domain":"{SITE}","timezone":"Europe/Oslo","url":"https://{SITE}'
    end = f'{query}","referrer":"{referrer}","eventName":"page_view"}}'
    path = f"/article-{number % 64:02}{'-word' * BODY_BYTES}"[: BODY_BYTES - len(start) - len(end)]
    return f"{start}{path}{end}".encode()
