"""What people send: every endpoint, as it should be and in every way that it should not."""

import gzip
import itertools
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from tests.privacy.person import Person
from tests.privacy.speaking import Answer, Voice

SITE = "privacy.example"
# Else what comes later would be taken for a retry, and not be stored.
_NUMBERS = itertools.count()
SINGLES = ("/api/event", "/api/pageview")
INGEST = (*SINGLES, "/api/events/batch", "/pixel.gif")


def careless(person: Person) -> dict[str, Any]:
    """Return an event of a page that puts everything it knows into everything it sends."""
    told = {
        "note": f"to {person.email}",
        "key": person.api_key,
        "ref": person.jwt,
        "seen": person.ip,
        "agent": person.user_agent,
    }
    return {
        "domain": SITE,
        "url": f"https://{SITE}/reset/{person.token}/u/{quote(person.email)}?email={person.email}&utm_source={person.email}#{person.jwt}",
        "referrer": f"https://{person.email}:{person.api_key}@mail.example/in/{person.token}?from={person.ip}",
        "eventName": f"Invite {person.email}",
        "customProperties": told | {person.email: "name", "email": person.email, "ip": person.ip, "password": person.token},
        "id": f"{person.email} {person.token} {next(_NUMBERS)}",
        "unknown": [person.email, person.ip],
    }


def proper(voice: Voice) -> Iterator[Answer]:
    """Send what is stored."""
    person = voice.person
    for path in SINGLES:
        yield voice.ask("POST", path, careless(person))
        pageview = {name: value for name, value in careless(person).items() if name != "eventName"}
        yield voice.ask("POST", path, pageview, Prefer="return=representation")
    yield voice.ask("POST", "/api/event", gzip.compress(json.dumps(careless(person)).encode()), Content_Encoding="gzip")
    yield voice.ask("POST", "/api/events/batch", {"events": [careless(person), {"pathname": 7}, {"id": person.email * 9}]})
    page = quote(f"/u/{person.email}/{person.token}")
    yield voice.ask("GET", f"/pixel.gif?site={SITE}&path={page}&referrer={quote(person.ip)}&name={quote(person.email)}")
    yield voice.ask("GET", f"/pixel.gif?site={SITE}")
    yield voice.ask("GET", "/js/c.js")
    yield voice.ask("OPTIONS", "/api/event", Origin=f"https://{person.token}.example")


def passed_on(voice: Voice, key: str) -> Iterator[Answer]:
    """Send as a server that says whose it was, with a key that may."""
    person = voice.person
    named = careless(person) | {"ip": person.ip, "userAgent": person.user_agent}
    for shown in ({"X_API_Key": key}, {"Authorization": f"Bearer {key}"}):
        yield voice.ask("POST", "/api/event", named, **shown)
        yield voice.ask("POST", "/api/events/batch", {"events": [named, named | {"ip": person.email}]}, **shown)
        yield voice.ask("POST", "/api/event", named | {"ip": f"{person.ip}.{person.email}"}, **shown)
        yield voice.ask("POST", "/api/event", named | {"userAgent": [person.user_agent]}, **shown)


def objecting(voice: Voice) -> Iterator[Answer]:
    """Object, and name as the site what is nobody's to know: what is dropped is counted by the site that it names."""
    person = voice.person
    for claimed in (SITE, person.ip, person.email, person.token, person.jwt, f"{person.ip}:80", f"{person.token}.example"):
        yield voice.ask("POST", "/api/event", careless(person) | {"domain": claimed})
        yield voice.ask("GET", f"/pixel.gif?site={quote(claimed)}&path=/")


def refused(voice: Voice) -> Iterator[Answer]:
    """Send what is refused, with the person in whatever is wrong with it."""
    person = voice.person
    event = careless(person)
    for path in SINGLES:
        yield voice.ask("POST", path, json.dumps(event).encode()[:-1])
        yield voice.ask("PUT", path, event)
        yield voice.ask("POST", path, event, Content_Type=f"text/{person.mark}")
        yield voice.ask("POST", path, event, Content_Encoding=person.token)
        yield voice.ask("POST", path, (json.dumps(event) * 60).encode())
    for wrong in (
        {"pathname": {person.email: 1}, "url": None},
        {"customProperties": person.email},
        {"id": person.email * 9},
        {"timestamp": person.email},
        {"type": person.token},
        {"revenue": {"amount": person.email, "currency": person.token}},
        {"url": f"/\0{person.email}"},
        {"domain": person.email},
        {person.email: [[[[[person.ip] * 9] * 9] * 9]] * 9, "engagement": {"ms": person.email}},
    ):
        yield voice.ask("POST", "/api/event", event | wrong)
    for shown in (person.api_key, person.jwt, f"ck_{person.token}_{person.email}"):
        yield voice.ask("POST", "/api/event", event, X_API_Key=shown)
        yield voice.ask("POST", "/api/events/batch", {"events": [event]}, Authorization=f"Bearer {shown}")
        yield voice.ask("GET", f"/pixel.gif?site={SITE}&path=/", Authorization=shown)
    yield voice.ask("POST", "/api/event", gzip.compress(person.email.encode() * 99_999), Content_Encoding="gzip")
    yield voice.ask("GET", f"/pixel.gif?site={SITE}&path=%FF{person.email}")
    yield voice.ask("GET", f"/u/{person.email}/{person.token}/{person.ip}?key={person.api_key}")
    yield voice.ask("POST", f"/js/{person.email}", event)


def broken(voice: Voice) -> Iterator[Answer]:
    """Send what is no request, or not all of one."""
    person = voice.person
    yield voice.say(f"{person.ip} {person.email} {person.user_agent}\r\n\r\n".encode())
    yield voice.say(f"GET /{person.email} HTTP/1.1\r\nX-Token: {person.token}\r\n\r\n".encode())
    yield voice.say(voice.head("POST", "/api/event", {"X-Large": person.email * 2000}))
    yield voice.say(voice.head("POST", "/api/event", {"Content-Length": person.token}))
    for path in INGEST:
        voice.break_off("POST", path, json.dumps(careless(person)).encode())


def lost(voice: Voice) -> Iterator[Answer]:
    """Send what cannot be stored while NATS is away."""
    yield voice.ask("POST", "/api/event", careless(voice.person))
    yield voice.ask("POST", "/api/events/batch", {"events": [careless(voice.person)] * 2})


def unanswered(voice: Voice, access_token: str) -> Iterator[Answer]:
    """Ask what cannot be answered while Postgres is away."""
    for path in (f"/api/stats/{SITE}/overview", f"/{SITE}?filter=page:/{quote(voice.person.email)}"):
        yield voice.ask("GET", path, Authorization=f"Bearer {access_token}")


def curious(voice: Voice, access_token: str) -> Iterator[Answer]:
    """Ask for answers and pages, with and without the token, with the person in what is wrong with the question."""
    person = voice.person
    known = {"Authorization": f"Bearer {access_token}"}
    for path in ("/", f"/{SITE}", f"/{SITE}/page", "/api/stats/", f"/api/stats/{SITE}/overview", "/schema/openapi.json"):
        yield voice.ask("GET", path, **known)
    # A filter that holds is repeated to whoever asked it, so the person is in the headers alone.
    yield voice.ask("GET", f"/api/stats/{SITE}/breakdown/page.csv?filter=page:/a", **known)
    for wrong in (f"period={person.token}", f"{person.email}=1", f"filter={person.email}", f"timezone={person.ip}", "limit=0"):
        for path in (f"/api/stats/{SITE}/overview", f"/{SITE}"):
            yield voice.ask("GET", f"{path}?{wrong}", **known)
    for path in (
        f"/api/stats/{quote(person.email)}/overview",
        f"/api/stats/{SITE}/breakdown/{person.token}",
        f"/{person.ip}/x",
    ):
        yield voice.ask("GET", path, **known)
    yield voice.ask("GET", f"/api/stats/{SITE}/overview", Authorization=f"Bearer {person.jwt}")
    yield voice.ask("GET", f"/api/stats/{SITE}/overview", Authorization=f"Bearer {person.api_key}")
    form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{voice.port}"}
    yield voice.ask("POST", "/login", f"token={person.api_key}".encode(), **form)
    yield voice.ask("POST", "/login", f"token={quote(access_token)}".encode(), **form)
    yield voice.ask("GET", "/metrics", Authorization=f"Bearer {person.token}")
    yield voice.ask("POST", "/readyz", person.email.encode())
