"""Lists: everything that is looked up before a hit is forgotten, and the one id of their versions, which goes into the fact."""

import hashlib
from collections.abc import Mapping
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct

from collector.privacy.enrich.agent import Agents
from collector.privacy.enrich.place import Places
from collector.privacy.enrich.sources import Sources

# The version of what this package itself decides: channels, redaction, what a robot is. Raise it when an answer changes.
RULES = "2"


class Lists(Struct, frozen=True, kw_only=True):
    """The tables behind ``forget``; only the user agents' answers change, and they are bounded."""

    places: Places
    agents: Agents
    sources: Sources
    version: str

    @classmethod
    def load(cls, mmdb: Path | None = None) -> Self:
        """Load the lists; *mmdb* must be a readable database, and its absence is an OSError for the operator to see.

        The rules for user agents are built by the first of them, or by ``agents.warm()``.
        """
        sources = Sources()
        return cls(places=Places(mmdb), agents=Agents(), sources=sources, version=id_of(versions_in_use(sources)))


def versions_in_use(sources: Sources) -> dict[str, str]:
    """Return the version of every list that ships with us or that we depend on."""
    return {
        "agents": version("ua-parser-builtins"),
        "robots": version("crawler-user-agents"),
        "places": sources.places_day,
        "rules": RULES,
        "sources": sources.day,
        "spam": sources.spam_day,
        "zones": version("tzdata"),
    }


def id_of(versions: Mapping[str, str]) -> str:
    """Return the id of these *versions* together: the same lists, the same six characters, on every machine."""
    text = " ".join(f"{name}={versions[name]}" for name in sorted(versions))
    return hashlib.sha256(text.encode()).hexdigest()[:6]


def published_versions() -> dict[str, dict[str, str]]:
    """Return what every id that was ever in use means; an entry is added with each new list and none is ever taken away."""
    text = (resources.files("collector.privacy.enrich.data") / "versions.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, dict[str, str]])
