"""What a user agent shows of whoever sent it: a person's device or browser, a robot's own word, or only a program.

The words are those of systems, engines, makers and trades, never the name of one robot: names stand in the public list
(``crawlers.py``). Whole lists of browsers and of robots that none of this was made from are tests (``tests/data``). All of it
reads lower case.
"""

import re
from typing import Final

from ua_parser.core import PartialResult

from collector.privacy.enrich.automaton import Automaton

_SPIDER, _GENERIC = "Spider", "Generic"

# Engines, and browsers that have none of these; a program that fetches has no reason to name one.
_ENGINES: Final = (
    r"webkit|gecko|khtml|trident/|presto/|msie |goanna|servo/|opera[/ ]|konqueror|netscape|mozac|firefox|midori",
    r"\be?links\b|lynx/|w3m|dillo|netsurf|mosaic|netpositive|amaya/|hotjava|omniweb|icab/|browser(?:[^a-z]|$)",
)
# Systems, and the forms in which makers write their devices; "Linux" alone is every server, too.
_SYSTEMS: Final = (
    r"android|iphone|ipad|ipod|\bios\b|cfnetwork/|applecoremedia|apple ?tv|tvos|watch ?os",
    r"macintosh|mac[ _]os|mac_powerpc|\bmac \d|mac(?:book\w*|mini)\d|imac\d",
    r"windows (?:nt|phone|mobile|ce|[9x\d])|windows;|win(?:nt|\d+)\b|\bx11\b|\bcros\b",
    r"haiku|beos|os/2|risc ?os|syllable|inferno|amiga|morphos|palm ?(?:os|source|scape)|maemo|meego|kaios|web0?os|bada|tizen",
    r"harmonyos|blackberry|\bbb10\b|playbook|symbian|series ?[346]0|midp|cldc|[(;] ?java;|up\.(?:browser|link)|netfront",
    r"obigo|teleca|ucweb|docomo|kddi|j-phone|softbank|vodafone|dalvik/|playstation|\bps[2-5p]\b|nintendo|xbox|dreamcast",
    r"roku|smart-?tv|hbbtv|bravia|web ?tv|vizio|sonos|crkey|kindle|silk/|\baft\w+[; ]|tesla/|qtcarbrowser|carplay",
    r"fba[nv]/|microsoft (?:office|outlook)|ms-?office|thunderbird|\d\.arm(?:64)?\b",
)
# Mail programs, and proxies that hide the rest, send no more than this.
_BARE = re.compile(r"""["']?mozilla/\d\.\d+(?: \((?:compatible;?)?\))?["']?""")

# Where the images of a mail are fetched by the mailbox in its reader's place, and a person has opened it.
_MAIL_PROXIES: Final = (r"(?:^|google|[^a-z])imageproxy|mailproxy|mail[\w. -]*proxy|image fetcher|fastmailua",)

# What robots call themselves, at the end of a word at the latest ("somebot"), and what only they say.
_TRADES: Final = (
    r"(?:bots?|robots?|crawl|crawlers?|crawling|spiders?|scrapers?|fetchers?|validator|archivers?|classifier)(?:[^a-z]|$)",
    r"synthetics?|uptime|\d subscribers?|feed-?id|\{\"",
    # No browser (and no shopper whom Amazon fetches a page for) is behind a plus sign, or gives an address for a name.
    r"\+ ?(?:https?:|www\.|mailto:)",
)
# Trades of apps for phones as well, which scan and measure all sorts of things.
_DESK_TRADES: Final = (
    r"(?:monitor(?:ing|ed)?|check(?:er)?|scan(?:ner|ning)?|audit(?:or)?|rss|feed)(?:[^a-z]|$)|[^r-]agent[ /]\d|powershell",
    r"screenshot|snapshot|inspector|indexer|analy[sz]er|detector|grabber|linkcheck|[\w.+-]@[\w-]+\.[a-z]",
)
_POCKET = re.compile(r"mobi|android|iphone|ipad|; wv\)")
# A phone may be called Spider or Cubot, but a name with a version beside it is a program's.
_DEVICE = re.compile(r"(?:android[^()]*)?\((?!compatible)[^()]*(?:android|dpi;)[^()]*\)?|\[fba[nv][^\]]*\]?|cubot")
_BESIDE_DEVICE = re.compile(r"; ?([a-z_-]+/\d[\d.]*)(?=[;)])")
# No browser says more than "like Gecko" of its engine, or begins a second comment with "compatible".
_INSERTED = re.compile(
    r"\(khtml, like gecko[;, ]+(?!safari|compatible; amzn-user)[^) ]|(?:gecko|safari)[^()]*\(compatible;(?! ?(?:msie|linux))"
    r"|\(compatible;(?! ?msie)[^()]*https?:"
)
# In Internet Explorer's user agent toolbars gave the addresses of their makers.
_SITE, _TOOLBARS = re.compile(r"https?:"), "msie "
_LIBRARY = re.compile(r"\b(?:python|perl|ruby|php|node|nodejs|golang|curl|wget|pip)(?:[-_]\w+)*/")
_ADDRESS = re.compile(r"https?:|www\.|[\w.+-]@[\w-]+\.[a-z]|mailto:|://")

_CLAIMS_BROWSER = "mozilla/"
# What stands in a browser's place where there is none: "Mozilla/5.0 Name/1.0", "Mozilla/5.0 (compatible; Name/1.0)".
_NAMES_A_PROGRAM = re.compile(r"mozilla/\d\.\d+,? (?:[\w.-]+(?:/[\w.-]+)?|\((?:compatible; ?)?[\w .!-]+/[\w.-]+\))")
# No program gives itself such a name: it was garbled, cut off in a number, or is no user agent at all.
_GARBLED = re.compile(r"""(?![\w.-]+/v?\d).*["'<>\x00-\x1f]|.*/\d*\.$""", re.DOTALL)


class Signs:
    """Reads the signs, all of them from lower case; built once."""

    def __init__(self) -> None:
        self._persons = Automaton((*_ENGINES, *_SYSTEMS))
        self._mail_proxies = Automaton(_MAIL_PROXIES)
        self._trades = Automaton(_TRADES)
        self._desk_trades = Automaton(_DESK_TRADES)

    def fetches_mail(self, text: str) -> bool:
        """Tell whether a mailbox fetches this for somebody who has opened a mail."""
        return self._mail_proxies.knows(text)

    def shows_person(self, text: str, parsed: PartialResult) -> bool:
        """Tell whether *text* shows a browser, or a device that people hold and that the public rules know."""
        if self.shows_browser(text):
            return True
        return parsed.device is not None and parsed.device.brand not in {_SPIDER, _GENERIC}

    def shows_browser(self, text: str) -> bool:
        """Tell whether *text* shows a browser, or a system that people use."""
        return self._persons.knows(text) or _BARE.fullmatch(text) is not None

    def says_robot(self, text: str) -> bool:
        """Tell whether *text*, which shows a browser, says that it is a robot all the same, or whom to complain to."""
        told = without_device(text)
        if self._trades.knows(told) or _INSERTED.search(told) is not None:
            return True
        if "browser" in told or _POCKET.search(text) is not None:
            return False
        is_library = _CLAIMS_BROWSER not in text and _LIBRARY.search(text) is not None
        return is_library or self._desk_trades.knows(told) or (_TOOLBARS not in told and _SITE.search(told) is not None)

    def names_program(self, text: str) -> bool:
        """Tell whether *text*, which shows nothing of a person and says of no robot, is the name of a program."""
        if _ADDRESS.search(text) is not None:
            return True
        if _GARBLED.match(text) is not None:
            return False
        return not text.startswith(_CLAIMS_BROWSER) or _NAMES_A_PROGRAM.fullmatch(text) is not None


def without_device(text: str) -> str:
    """Return *text* without what it says of a device, which may be called anything."""
    return _DEVICE.sub(_programs_beside, text)


def _programs_beside(device: re.Match[str]) -> str:
    return f"({'; '.join(_BESIDE_DEVICE.findall(device[0]))})"
