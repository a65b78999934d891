"""What one who signs in does, and a program with a key of the control plane: all that they are given is a secret of theirs."""

import asyncio
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import NO_CONTENT, OK, SERVICE_UNAVAILABLE, UNAUTHORIZED
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from msgspec import json

from collector.control.new_key import NewKey, new_key
from collector.control.plane import ControlPlane, open_plane
from contracts.control.keys import KeyKind, Scope
from contracts.sessions import CSRF_HEADER, csrf_token
from tests.privacy.person import Person
from tests.privacy.speaking import Answer, Voice
from tests.privacy.traffic import SITE, careless
from tests.running import Up, eventually

HERE = "here"


class Handed(NamedTuple):
    """What was handed out, by what it is, and the answers that may repeat none of it."""

    secrets: dict[str, str]
    answers: list[Answer]


def take_part(running: Up, voice: Voice, invite: Callable[[], subprocess.CompletedProcess[str]]) -> Handed:
    """Join by a link, sign in and out, and use a key and its token, each also wrongly."""
    key = asyncio.run(_issue(running))
    cookie, answers = _join(voice, invite().stdout)
    answers += _sign_in_wrongly(voice, cookie)
    token = json.decode(_answer(voice, "POST", "/v1/token", {}, X_API_Key=key.text).body)["access_token"]
    answers += _show(voice, key.text) + _show(voice, token)
    signed_out = _signed_in(voice, cookie, "DELETE", "/v1/admin/sessions")
    assert signed_out.status == 200, signed_out.body
    handed = {"key": key.text, "secret of the key": key.text.split("_", 2)[2], "token": token, "cookie": cookie}
    return Handed(handed | {"token of forms": csrf_token(cookie)}, answers)


async def _issue(running: Up) -> NewKey:
    made = new_key()
    scopes = (Scope.INGEST, Scope.READ)

    def decide(plane: ControlPlane) -> None:
        plane.tenants.add("main", by=HERE)
        plane.keys.issue("main", made.id, digest=made.digest, kind=KeyKind.SECRET, scopes=scopes, by=HERE)

    plane = open_plane(running.runtime["nats_url"], clock=lambda: datetime.now(UTC))
    try:
        await plane.run(decide)
    finally:
        await asyncio.to_thread(plane.close)
    return made


def _join(voice: Voice, link: str) -> tuple[str, list[Answer]]:
    person = voice.person
    invitation = urlsplit(link.strip()).fragment
    joining = {"invitation": invitation, "name": name_of(person), "password": person.token, "address": person.email}
    refused = [voice.ask("POST", "/v1/admin/invitations/take", joining | wrong) for wrong in ({"password": 7}, {"name": ""})]
    joined = _answer(voice, "POST", "/v1/admin/invitations/take", joining)
    assert joined.status == 201, joined.body
    again = voice.ask("POST", "/v1/admin/invitations/take", joining)
    return joined.headers["set-cookie"].partition(";")[0].partition("=")[2], [*refused, again]


def name_of(person: Person) -> str:
    """Return what somebody signs in as."""
    return f"Kim {person.mark}"


def _sign_in_wrongly(voice: Voice, cookie: str) -> list[Answer]:
    person = voice.person
    right = {"name": name_of(person), "password": person.token}
    signed_in = _answer(voice, "POST", "/v1/admin/sessions", right)
    assert signed_in.status == 201, signed_in.body
    listed = _signed_in(voice, cookie, "GET", "/v1/admin/sessions")
    assert name_of(person).encode() in listed.body
    wrong = [{"password": person.api_key}, {"name": person.email}, {"name": [person.email]}, {"password": None}]
    answers = [voice.ask("POST", "/v1/admin/sessions", right | each) for each in wrong]
    return [*answers, voice.ask("GET", "/v1/admin/sessions", Cookie=f"collector_session={cookie[::-1]}")]


def _signed_in(voice: Voice, cookie: str, method: str, path: str) -> Answer:
    shown = {CSRF_HEADER: csrf_token(cookie), "Cookie": f"collector_session={cookie}"}
    return _answer(voice, method, path, **shown)


def _show(voice: Voice, credential: str) -> list[Answer]:
    """Show a key or a token rightly, until it is known everywhere, and wrongly."""
    known, wrong = ({"Authorization": f"Bearer {shown}"} for shown in (credential, credential[:-1]))
    event, question = careless(voice.person), f"/api/stats/{SITE}/overview"
    eventually(lambda: voice.ask("POST", "/api/event", event, **known).status == NO_CONTENT, "it sends")
    eventually(lambda: voice.ask("GET", question, **known).status == OK, "it asks")
    answers = [_answer(voice, "POST", "/api/event", event, **wrong), _answer(voice, "GET", question, **wrong)]
    assert [answer.status for answer in answers] == [UNAUTHORIZED] * 2, [answer.body for answer in answers]
    return [*answers, voice.ask("POST", "/v1/token", {}, **wrong)]


def _answer(voice: Voice, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    """Ask until there is an answer: on a busy machine one may be told to come back."""
    answers: list[Answer] = []

    def is_answered() -> bool:
        answers.append(voice.ask(method, path, body, **headers))
        return answers[-1].status != SERVICE_UNAVAILABLE

    eventually(is_answered, f"{method} {path} is answered")
    return answers[-1]
