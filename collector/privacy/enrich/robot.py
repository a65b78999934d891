"""Which user agents are robots, by which rule, and under which public name.

Nobody is a robot who shows a browser or a device, unless a robot says so itself in it or the public list has seen it there.
Whoever shows neither is no person, whatever their name is.
"""

from msgspec import Struct
from ua_parser.core import PartialResult

from collector.privacy.enrich.crawlers import Crawlers, Named, entries_in_use, everywhere, in_browsers
from collector.privacy.enrich.device import Vocabulary
from collector.privacy.enrich.shown import Signs, without_device
from contracts.events import BotRule

# What drives a browser says so in the user agent unless it hides; the crawler list knows some of these, in one spelling.
_AUTOMATION = {
    "headless": "Headless browser",
    "webdriver": "WebDriver",
    "selenium": "Selenium",
    "puppeteer": "Puppeteer",
    "playwright": "Playwright",
    "phantomjs": "PhantomJS",
    "cypress/": "Cypress",
}


class Verdict(Struct, frozen=True):
    """The rule that took somebody for a robot, None for a human, and the robot's public name where there is one."""

    rule: BotRule | None = None
    name: str = ""


HUMAN = Verdict()
NO_USER_AGENT = Verdict(BotRule.NO_USER_AGENT)
AUTOMATED = Verdict(BotRule.AUTOMATION)
REFERRER_SPAM = Verdict(BotRule.REFERRER_SPAM)


class Robots:
    """The rules, built once."""

    def __init__(self) -> None:
        self._signs = Signs()
        self._automation = Crawlers((word, Named(BotRule.AUTOMATION, name)) for word, name in _AUTOMATION.items())
        entries = entries_in_use()
        self._everywhere = everywhere(entries)
        self._in_browsers = in_browsers(entries, is_shown=self._is_like_a_browser)

    def judge(  # noqa: PLR0911  # an answer to each question
        self, user_agent: str, parsed: PartialResult, vocabulary: Vocabulary
    ) -> Verdict:
        """Return the verdict on *user_agent*, which was *parsed* by the public rules; the name never is a part of it."""
        text = user_agent.strip().lower()
        if not text:
            return NO_USER_AGENT
        if self._signs.fetches_mail(text):
            return HUMAN
        if (driven := self._automation.find(text)) is not None:
            return _verdict_of(self._in_browsers.find(text) or driven)
        is_person, says_robot = self._signs.shows_person(text, parsed), self._signs.says_robot(text)
        if is_person and not says_robot:
            return _verdict_of(self._in_browsers.find(without_device(text)))
        if (listed := self._everywhere.find(text)) is not None:
            return _verdict_of(listed)
        if not (says_robot or self._signs.names_program(text)):
            return HUMAN
        name = vocabulary.admit(parsed.user_agent.family) if parsed.user_agent else ""
        return Verdict(BotRule.CRAWLER if says_robot else BotRule.NO_BROWSER, name)

    def _is_like_a_browser(self, user_agent: str) -> bool:
        """Tell whether a robot's *user_agent* is a browser's but for the robot's name."""
        text = user_agent.lower()
        return self._signs.shows_browser(text) and not self._signs.says_robot(text)


def _verdict_of(found: Named | None) -> Verdict:
    return HUMAN if found is None else Verdict(found.rule, found.name)
