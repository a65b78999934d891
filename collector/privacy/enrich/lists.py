"""Lists: everything that is looked up before a hit is forgotten, and the version of each, which goes into the fact."""

from importlib.metadata import version
from pathlib import Path
from typing import Self

from msgspec import Struct

from collector.privacy.enrich.agent import Agents
from collector.privacy.enrich.place import Places
from collector.privacy.enrich.sources import Sources

# The version of what this package itself decides: channels, redaction, what a robot is. Raise it when an answer changes.
RULES = "1"


class Lists(Struct, frozen=True, kw_only=True):
    """The tables behind ``forget``; only the user agents' answers change, and they are bounded."""

    places: Places
    agents: Agents
    sources: Sources
    versions: dict[str, str]

    @classmethod
    def load(cls, mmdb: Path | None = None) -> Self:
        """Load the lists; *mmdb* must be a readable database, and its absence is an OSError for the operator to see.

        The rules for user agents are built by the first of them, or by ``agents.warm()``.
        """
        places, sources = Places(mmdb), Sources()
        versions = {
            "rules": RULES,
            "agents": version("ua-parser-builtins"),
            "robots": version("crawler-user-agents"),
            "sources": sources.day,
            "spam": sources.spam_day,
            "zones": version("tzdata"),
        }
        if places.database:
            versions["places"] = places.database
        return cls(places=places, agents=Agents(), sources=sources, versions=versions)
