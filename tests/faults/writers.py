"""Writers: clients that number their events, send them over HTTP, and send an event again under its id when in doubt."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import httpx

from tests.faults.ledger import SITE, Ledger, Told

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
ANSWER_SECONDS = 4.0
ATTEMPTS = 4
LARGEST_BATCH = 20
_ITEM = {"stored": Told.STORED, "unavailable": Told.UNAVAILABLE}


class Writer:
    """One client with a counter of its own, who knows every ingest process and uses any of them."""

    def __init__(self, name: str, ports: Sequence[int], ledger: Ledger, *, seed: str) -> None:
        self._name = name
        self._ports = ports
        self._ledger = ledger
        self._chance = random.Random(f"{seed} {name}")
        self._count = 0

    async def write_until(self, stop: asyncio.Event) -> None:
        """Send events one by one and in batches until told to stop."""
        async with httpx.AsyncClient(headers={"User-Agent": FIREFOX}, timeout=ANSWER_SECONDS, trust_env=False) as http:
            while not stop.is_set():
                size = self._chance.randrange(2, LARGEST_BATCH) if self._chance.random() < 0.2 else 1
                await self._insist(http, [self._next_key() for _ in range(size)])
                await asyncio.sleep(self._chance.random() * 0.01)

    def _next_key(self) -> str:
        self._count += 1
        return f"{self._name}-{self._count}"

    async def _insist(self, http: httpx.AsyncClient, keys: list[str]) -> None:
        for _ in range(ATTEMPTS):
            doubtful = await self._send(http, keys)
            # A client whose own memory of the answer was lost sends everything again, stored or not.
            keys = keys if self._chance.random() < 0.05 else doubtful
            if not keys or self._chance.random() < 0.1:
                return
            await asyncio.sleep(self._chance.random() * 0.3)

    async def _send(self, http: httpx.AsyncClient, keys: list[str]) -> list[str]:
        """Send *keys*, note what we are told, and return those that are in doubt."""
        told = await self._told(http, keys)
        for key, answer in zip(keys, told, strict=True):
            self._ledger.note(key, answer)
        return [key for key, answer in zip(keys, told, strict=True) if answer is not Told.STORED]

    async def _told(self, http: httpx.AsyncClient, keys: list[str]) -> list[Told]:
        address = f"http://127.0.0.1:{self._chance.choice(self._ports)}"
        try:
            if len(keys) == 1:
                answer = await http.post(f"{address}/api/event", json=_event(keys[0]))
                return [_read(answer.status_code)]
            answer = await http.post(f"{address}/api/events/batch", json={"events": [_event(key) for key in keys]})
        except httpx.TransportError:
            return [Told.NOTHING] * len(keys)
        if answer.status_code != 200:
            return [_read(answer.status_code)] * len(keys)
        return [_ITEM.get(item["status"], Told.REFUSED) for item in answer.json()["results"]]


def _event(key: str) -> dict[str, Any]:
    return {"domain": SITE, "pathname": f"/{key.partition('-')[0]}", "id": key}


def _read(status: int) -> Told:
    if status < 300:
        return Told.STORED
    return Told.UNAVAILABLE if status >= 500 else Told.REFUSED
