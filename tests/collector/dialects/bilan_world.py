"""An ingest half that bilan's clients send to, and what it stored of them."""

import base64
import json
from typing import Any

import httpx
from msgspec import Struct

from collector.stream import connection as broker
from contracts.codec import CODEC
from contracts.events import Fact
from contracts.jetstream import STREAM_NOT_FOUND, JetStreamError
from contracts.pseudonym import pseudonym
from contracts.streams import EventStream
from tests.collector.ingest import Running

STREAM = EventStream(family="turns").name
OLD_VOTE = json.dumps({"events": [{"promptId": "p1", "value": 1, "userId": "u1"}]}).encode()


class World(Struct):
    """An ingest half with a site for each policy, and a key for each site."""

    collector: Running
    keys: dict[str, str]
    secret: bytes = b""

    async def last(self) -> int:
        try:
            return int((await broker.ask(self.collector.client, f"STREAM.INFO.{STREAM}")).state.last_seq)
        except JetStreamError as error:
            if error.err_code == STREAM_NOT_FOUND:  # it is made with the first fact
                return 0
            raise

    async def since(self, last: int) -> list[tuple[Fact, bytes]]:
        """Return every fact behind the message *last*, and its bytes."""
        found = []
        for seq in range(last + 1, await self.last() + 1):
            message = (await broker.ask(self.collector.client, f"STREAM.MSG.GET.{STREAM}", {"seq": seq})).message
            data = base64.b64decode(message.data)
            found.append((CODEC.decode(data), data))
        return found

    async def send(
        self, body: bytes, *, key: str = "default", headers: dict[str, str] | None = None, path: str = "/api/events"
    ) -> httpx.Response:
        shown = {"Content-Type": "application/json"} | self._authorization(key) | (headers or {})
        return await self.collector.http.post(path, content=body, headers=shown)

    async def vote(self, *ids: str, key: str = "default", path: str = "/api/events") -> httpx.Response:
        """Send a vote of each id."""
        votes = [{"eventId": id_, "eventType": "vote_cast", "userId": "u1", "properties": {"value": 1}} for id_ in ids]
        return await self.send(json.dumps({"events": votes}).encode(), key=key, path=path)

    def _authorization(self, key: str) -> dict[str, str]:
        name, _, form = key.partition(", ")
        if name == "none":
            return {}
        return {"Authorization": self.keys[name] if form == "bare" else f"Bearer {self.keys[name]}"}

    def masked(self, value: Any, site: str, users: list[str]) -> Any:
        """Return *value* with every pseudonym as what it stands for."""
        text = json.dumps(value)
        for user in users:
            text = text.replace(pseudonym(self.secret, site=site, user=user), f"pseudonym of {user}")
        return json.loads(text)
