"""What a user agent tells before it is forgotten; the answer is remembered under a digest, the text never."""

import hashlib
import secrets
from collections import OrderedDict
from functools import cached_property

from msgspec import Struct
from ua_parser.core import Domain
from ua_parser.loaders import load_lazy_builtins

# Its import fails where the Rust engine is not installed, and so does ours: the pure Python engine is 100 times slower.
from ua_parser.regex import Resolver

from collector.hit import NOT_LOGGED
from collector.privacy.enrich.device import Vocabulary, describe
from collector.privacy.enrich.robot import HUMAN, Robots, Verdict
from collector.privacy.text import cut
from collector.privacy.visitor import USER_AGENT_BYTES
from contracts.events import Device

_REMEMBERED = 10_000


class Agent(Struct, frozen=True):
    """What is kept of a user agent."""

    device: Device
    verdict: Verdict


_OF_NOBODY = Agent(device=Device(), verdict=HUMAN)


class _Reader:
    """The rules, built: some 3,000 patterns in four automata."""

    def __init__(self) -> None:
        matchers = load_lazy_builtins()
        self._rules = Resolver(matchers)
        self._vocabulary = Vocabulary(matchers)
        self._robots = Robots()

    def read(self, user_agent: str) -> Agent:
        text = user_agent.encode("utf-8", "replace").decode()  # a lone surrogate stops the engine
        parsed = self._rules(text, Domain.ALL)
        return Agent(
            device=describe(text, parsed, self._vocabulary),
            verdict=self._robots.judge(text, parsed, self._vocabulary),
        )


class Agents:
    """Reads user agents; the 10,000 last answers are at hand under a digest whose key dies with the process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._remembered: OrderedDict[bytes, Agent] = OrderedDict()

    def read(self, user_agent: str) -> Agent:
        """Return what the first 512 bytes of *user_agent* tell; more is never parsed, as hostile ones cost a second."""
        if user_agent == NOT_LOGGED:
            return _OF_NOBODY  # which is no secret
        text = cut(user_agent, USER_AGENT_BYTES)
        digest = hashlib.blake2b(text.encode("utf-8", "replace"), key=self._key, digest_size=16).digest()
        known = self._remembered.get(digest)
        if known is not None:
            self._remembered.move_to_end(digest)
            return known
        agent = self._reader.read(text)
        self._remembered[digest] = agent
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
        return agent

    def warm(self) -> None:
        """Build the rules now, which takes a fifth of a second, and not under the first visitor."""
        self._reader.read("")

    @cached_property
    def _reader(self) -> _Reader:
        return _Reader()
