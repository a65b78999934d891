"""Whoever is named in an id, a key or a form that a dialect of people knows is nowhere in what is stored, in no example."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
import yaml

from collector.arrival import Arrival
from collector.dialects import DIALECTS
from collector.dialects.endpoint import Endpoint
from collector.dialects.passed_on import visitor_of
from collector.hit import Claim, Hit
from collector.ingest import Offer
from collector.kinds import KINDS
from collector.kinds.kind import SUBJECTS, Kind
from collector.privacy.personal import is_identity
from contracts.mounts import Mount
from contracts.streams import FAMILIES, Family
from tests.collector.dialects.bound import SITE, Door, open_bound
from tests.collector.toy import NoteTaken, refuse, word

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLES = Path(__file__).parents[2] / "examples"
SYSTEMS = sorted(Mount)
# Facts of pages know no user whose id could be told from any other word.
OF_PAGES = {Mount.FLOWCORE}
# Where the examples of a system leave it out.
USUAL_POST = {"bilan": "/api/events"}
KEYS = ("user_id", "userId", "anonymousId", "email", "name", "device_id", "deviceId", "username", "distinct_id", "firstName")
# What else an item says who somebody is by.
IDS = {"anon", "user", "uid"}
# What people and machines said to each other; no policy here keeps it.
TEXTS = ("promptText", "aiResponse", "prompt_text")
# What a dialect has a field for, and may be a user's id all the same.
WORDS = ("action_type", "comment", "errorMessage", "errorType", "model", "prompt_version", "provider", "reason", "step_name")
FAMILY = Family(name="notes")


class ToyClaim(Claim, frozen=True, kw_only=True):
    user: str
    props: dict[str, Any]


def toy_fact(claim: ToyClaim, envelope: dict[str, Any], remains: Any, _: object) -> NoteTaken:
    props = remains.identity.props(claim.props, of=(claim.user,))
    told = msgspec.json.encode({"subject": remains.identity.subject(claim.user), "props": props}).decode()
    return NoteTaken(**envelope, project="toy", text=told)


def read_toy(arrival: Arrival) -> list[Hit]:
    said = msgspec.json.decode(arrival.body)
    claim = ToyClaim(user=said["userId"], props=said["properties"])
    return [
        Hit(person=visitor_of(arrival.sender), sender=arrival.sender, site=SITE, received_at=arrival.received_at, claim=claim)
    ]


TOY = Endpoint(template="/toy", dialect="toy", methods=("POST",), limit=1 << 16, read=read_toy, word=word, refuse=refuse)
OFFER = Offer(
    dialects=(*DIALECTS, TOY),
    kinds=(*KINDS, Kind(claims=(ToyClaim,), happened_at=lambda hit: hit.received_at, fact=toy_fact, needs=SUBJECTS)),
    families=(*FAMILIES, FAMILY),
)
TOYS = [{"post": "/toy", "send": {"userId": "u1", "properties": {"plan": "pro", "user": {"name": "Jane"}}}}]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def door(nats_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with open_bound(nats_url, tmp_path_factory.mktemp("keys"), OFFER) as opened:
        yield opened


@pytest.mark.parametrize("system", ["toy", *SYSTEMS])
async def test_nobody_who_is_named_is_stored(door: Door, system: str):
    examples = TOYS if system == "toy" else yaml.safe_load((EXAMPLES / f"{system}.yml").read_text(encoding="utf-8"))
    before = [fact async for fact in door.stored()]
    for number, example in enumerate(each for each in examples if isinstance(each.get("send"), dict | list)):
        planted = plant(example["send"], Needles(number), says_who=system not in OF_PAGES)
        path = example.get("post", USUAL_POST.get(system, ""))
        for headers in (door.headers, {}):  # with a key, and by what the mount is bound to
            await door.http.post(path, json=planted, headers=headers)
    stored = [fact async for fact in door.stored()]
    assert len(stored) > len(before), "something has to be stored, or nothing was tried"
    assert not [fact for fact in stored if b"needle" in fact.lower()]


class Needles:
    """Names of people that nothing else is called by."""

    def __init__(self, example: int) -> None:
        self._numbers = (f"{example}x{number}" for number in itertools.count())

    def id(self) -> str:
        return f"needle-{next(self._numbers)}"

    def of(self, key: str) -> str:
        return f"{self.id()}@canary.example" if "mail" in key.lower() else self.id()


def plant(said: Any, needles: Needles, *, says_who: bool, user: str = "", depth: int = 0) -> Any:
    """Return *said* with a needle wherever somebody is named, and in what is nested every key that names somebody."""
    if isinstance(said, list):
        return [plant(each, needles, says_who=says_who, user=user, depth=depth) for each in said]
    if not isinstance(said, dict):
        return said
    named = {key: needles.of(key) for key, value in said.items() if isinstance(value, str) and (is_identity(key) or key in IDS)}
    user = user or next(iter(named.values()), "")
    inner = {key: plant(value, needles, says_who=says_who, user=user, depth=depth + 1) for key, value in said.items()}
    return (dict(more(needles, user if says_who else "")) if depth else {}) | inner | named


def more(needles: Needles, user: str) -> Iterator[tuple[str, str]]:
    for key in (*KEYS, *TEXTS):
        yield key, needles.of(key)
    for key in ("echo", *WORDS):
        yield key, user
    yield "note", f"write to {needles.of('mail')}"
