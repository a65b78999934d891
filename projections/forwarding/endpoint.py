"""Endpoint: where facts are posted to in Flowcore's form, five times a quarter of a second apart before it counts as away.

An address with a path is a transformer's, which takes one event at a time. One without is a webhook's, as Flowcore's own is:
it takes many at once at ``/events/<tenant>/<data core>/<flow type>/<event type>``.
"""

import asyncio
import base64
import http.client
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import partial
from itertools import groupby
from typing import Self
from urllib.parse import SplitResult, quote, urlsplit

import msgspec
from msgspec import Struct, structs

from contracts.flowcore import Delivery

TRIES = 5
PAUSE_SECONDS = 0.25
# How many are posted at once, and what a webhook is sent in one piece.
LANES = 8
TOGETHER = 100
_ANSWER_SECONDS = 5.0
_CLIENT_ERROR, _REQUEST_TIMEOUT, _TOO_MANY, _SERVER_ERROR = 400, 408, 429, 500
# What is wrong with the endpoint, its secret or its address, and not with the one event.
_ABOUT_ALL = frozenset({401, 403, 404, 405, 407, 410, 421})
# By which another Collector says that it keeps no such event, whatever the status: its site is not there, or leaves it out, or
# it cannot be read. Neither success nor waiting would be right.
_LEFT_OUT = ("X-Collector-Dropped", "X-Collector-Rejected")
_METADATA = base64.b64encode(b"{}").decode()


class EndpointAway(ConnectionError):
    """The endpoint does not take what it is sent; the text says how it refuses, never where it is."""


class Verdict(StrEnum):
    """How an event ended that the endpoint has answered; the value is the metric's label."""

    FORWARDED = "forwarded"
    REFUSED = "refused"


class Post(Struct, frozen=True, kw_only=True):
    """One request: a transformer's one event, or some of a webhook's in a list."""

    path: str
    events: Sequence[bytes]
    is_list: bool

    @property
    def body(self) -> bytes:
        """Return what is posted."""
        return b"[%s]" % b",".join(self.events) if self.is_list else self.events[0]

    def halves(self) -> "list[Post]":
        """Return the first and the second half of many."""
        middle = len(self.events) // 2
        return [structs.replace(self, events=some) for some in (self.events[:middle], self.events[middle:])]


class Heard(Struct, frozen=True, kw_only=True):
    """What one request was answered; ``status`` is 0 when there was no answer."""

    status: int = 0
    is_left_out: bool = False


class Endpoint:
    """Posts events with ``X-Secret``; use it as an async context manager."""

    def __init__(self, url: str, secret: str, *, pause: Callable[[float], object] | None = None) -> None:
        self._url = urlsplit(url)
        self._secret = secret
        self._pause = pause or threading.Event().wait  # which nothing sets: a pause that needs no event loop
        self._threads = ThreadPoolExecutor(LANES, thread_name_prefix="forward")
        self._own = threading.local()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def __repr__(self) -> str:
        return "Endpoint()"

    async def post(self, deliveries: Sequence[Delivery]) -> list[Verdict]:
        """Return how each of *deliveries* ended, once all have; raise EndpointAway when one has to be sent again later."""
        posts = list(self._posts(deliveries))
        loop = asyncio.get_running_loop()
        sent = [loop.run_in_executor(self._threads, partial(self._ended, post)) for post in posts]
        if sent:
            _, left = await asyncio.wait(sent, return_when=asyncio.FIRST_EXCEPTION)
            for each in left:
                each.cancel()  # what is not under way yet need not find out, too
        ended = [each for each in sent if each.done() and not each.cancelled()]
        if away := next(filter(None, [each.exception() for each in ended]), None):
            raise away
        return [verdict for each in ended for verdict in each.result()]

    def _posts(self, deliveries: Sequence[Delivery]) -> Iterable[Post]:
        if self._url.path.strip("/"):
            for each in deliveries:
                yield Post(path=_path(self._url), events=[msgspec.json.encode(each)], is_list=False)
            return
        for names, group in groupby(deliveries, lambda each: (each.tenant, each.data_core_id, each.flow_type, each.event_type)):
            together = [msgspec.json.encode(each.payload) for each in group]
            address = "/".join(quote(name, safe="") for name in names)
            for first in range(0, len(together), TOGETHER):
                yield Post(path=f"/events/{address}", events=together[first : first + TOGETHER], is_list=True)

    def _ended(self, post: Post) -> list[Verdict]:
        """Return how each event of *post* ended; runs in a thread.

        What is refused together is sent again by halves, so that one event that is not taken costs no other.
        """
        verdict = self._until_taken(post)
        if verdict is Verdict.REFUSED and len(post.events) > 1:
            return [each for half in post.halves() for each in self._ended(half)]
        return [verdict] * len(post.events)

    def _until_taken(self, post: Post) -> Verdict:
        """Post up to five times."""
        status = 0
        for attempt in range(TRIES):
            if attempt:
                self._pause(PAUSE_SECONDS)
            heard = self._once(post)
            if heard.is_left_out:
                return Verdict.REFUSED
            status = heard.status
            if _is_taken(status):
                return Verdict.FORWARDED
            if not _is_passing(status):
                break
        if status in _ABOUT_ALL or _is_passing(status) or status < _CLIENT_ERROR:
            raise EndpointAway(_words(status))
        return Verdict.REFUSED

    def _once(self, post: Post) -> Heard:
        connection = self._connection()
        try:
            connection.request("POST", post.path, body=post.body, headers=self._headers())
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()  # the next request opens it again
            return Heard()
        return Heard(status=answer.status, is_left_out=any(answer.headers.get(name) for name in _LEFT_OUT))

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "X-Secret": self._secret}
        if self._url.path.strip("/"):
            return headers
        return headers | {"Authorization": self._secret, "x-flowcore-metadata-json": _METADATA}

    def _connection(self) -> http.client.HTTPConnection:
        """Return this thread's own connection, which stays open between requests."""
        held: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if held is None:
            kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
            held = self._own.connection = kind(self._url.hostname or "", self._url.port, timeout=_ANSWER_SECONDS)
        return held


def _path(url: SplitResult) -> str:
    return f"{url.path}?{url.query}" if url.query else url.path


def _is_taken(status: int) -> bool:
    # Whoever says that it has the event already has it.
    return status // 100 == 2 or status == http.HTTPStatus.CONFLICT  # noqa: PLR2004  # the class of what went well


def _is_passing(status: int) -> bool:
    return status in (0, _REQUEST_TIMEOUT, _TOO_MANY) or status >= _SERVER_ERROR


def _words(status: int) -> str:
    if status == 0:
        return "the endpoint cannot be reached; check that it runs and that COLLECTOR_FORWARD_URL is right"
    if status in (401, 403):
        return f"the endpoint answers {status}; check COLLECTOR_FORWARD_SECRET"
    if status == _TOO_MANY:
        return f"the endpoint answers {status}: it wants less at once; nothing is lost meanwhile"
    return f"the endpoint answers {status}; look at its log, and check COLLECTOR_FORWARD_URL and COLLECTOR_FORWARD_SECRET"
