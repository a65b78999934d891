"""The public list of crawlers as two automata: which robot a user agent names, and which it names although it is a browser's.

The list is made to name robots, not to throw people away: some of its patterns are also the build of a phone, an app that
people read pages in, or a part of such a word. So it is believed whole only where nobody shows a browser or a device.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from msgspec import Struct

from collector.privacy.enrich.automaton import Automaton
from contracts.events import BotRule

Entry: TypeAlias = Mapping[str, Any]

_APP, _BUILD, _MAIL = "an app that people read pages in", "the build of a phone", "fetches a mail's images for its reader"
_DOUBT = "a public list of browsers has the very same text, and in doubt nobody is thrown away"
# The entries that we do not use, and why.
LEFT_OUT = {
    r"AP3A\.240617\.008": _BUILD,
    r"Code\/1\.": _APP,
    "Fluid": _APP,
    "MetaIAB Facebook": _APP,
    r"Trae\/": _APP,
    "FastmailUA": _MAIL,
    "GoogleImageProxy": _MAIL,
    "Shortwave Image Fetcher": _MAIL,
    "YahooMailProxy": _MAIL,
    "Amzn-User": _DOUBT,
    "GTmetrix": _DOUBT,
    r"Miniature\.io\/": _DOUBT,
    "Slurp": _DOUBT,  # the real one gives an address
    "TSM-turingos": _DOUBT,
    "YLT Chrome": _DOUBT,
}
# Whose robots drive whole browsers: such a name counts in one, as a word of its own, also where the list shows none.
_DRIVING = frozenset({"ai-crawler", "archiver", "browser-automation", "monitoring", "scanner"})
# A class such as \S means another in lower case.
_UPPER_CASE = re.compile(r"\\.|[A-Z]", re.DOTALL)
_EITHER_CASE = re.compile(r"\[([A-Za-z])[A-Za-z]\]")
_NAME = re.compile(r"[A-Za-z0-9][\w .!'@&+:-]*\w")


class Named(Struct, frozen=True):
    """What the list says of a robot: the rule that took it for one, and its public name."""

    rule: BotRule
    name: str


class Crawlers:
    """Robots by the patterns of their names, whatever their case."""

    def __init__(self, patterns: Iterable[tuple[str, Named]]) -> None:
        listed = list(patterns)
        self._named = [named for _, named in listed]
        self._automaton = Automaton(_UPPER_CASE.sub(_lowered, pattern) for pattern, _ in listed)

    def find(self, text: str) -> Named | None:
        """Return what is said of the first robot that *text*, in lower case, names."""
        number = self._automaton.find(text)
        return None if number is None else self._named[number]


def entries_in_use() -> list[Entry]:
    """Return the list without the entries that are left out."""
    return [entry for entry in CRAWLER_USER_AGENTS_DATA if entry["pattern"] not in LEFT_OUT]


def everywhere(entries: Iterable[Entry]) -> Crawlers:
    """Return what names a robot where nothing of a person is shown."""
    return Crawlers((entry["pattern"], named(entry)) for entry in entries)


def in_browsers(entries: Iterable[Entry], *, is_shown: Callable[[str], bool]) -> Crawlers:
    """Return what names a robot in a browser's user agent, too: what the list shows in one, and what drives one."""
    return Crawlers((pattern, named(entry)) for entry in entries if (pattern := _in_browser(entry, is_shown)))


def _in_browser(entry: Entry, is_shown: Callable[[str], bool]) -> str:
    """Return the pattern that finds the robot in a browser, "" where it was seen in none."""
    pattern = f"(?:^|[^a-z])(?:{entry['pattern']})"
    if any(is_shown(text) for text in entry["instances"]):
        return pattern
    if _DRIVING.isdisjoint(entry.get("tags", ())):
        return ""
    return pattern + (r"\b" if entry["pattern"][-1].isalnum() else "")


def named(entry: Entry) -> Named:
    """Return what *entry* says of its robot."""
    rule = BotRule.AUTOMATION if "browser-automation" in entry.get("tags", ()) else BotRule.CRAWLER
    return Named(rule, public_name(entry["pattern"]))


def _lowered(part: re.Match[str]) -> str:
    return part[0] if part[0].startswith("\\") else part[0].lower()


def public_name(pattern: str) -> str:
    r"""Return the robot's name as it stands in *pattern*: ``Googlebot\/`` is Googlebot, ``[wW]get`` is Wget."""
    spelled = _EITHER_CASE.sub(lambda letter: letter[1].upper(), pattern).replace("\\", "").removeprefix("https://")
    name = _NAME.search(spelled)
    return name[0] if name else spelled
