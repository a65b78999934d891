"""Which user agents are robots, by which rule, and under which public name."""

import re

import ua_parser_rs
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from msgspec import Struct
from ua_parser.core import PartialResult

from collector.privacy.enrich.device import Vocabulary
from contracts.events import BotRule

# What drives a browser says so in the user agent unless it hides; the crawler list knows some of these, in one spelling.
_AUTOMATION = {
    "(?i)headless": "Headless browser",
    "(?i)webdriver": "WebDriver",
    "(?i)selenium": "Selenium",
    "(?i)puppeteer": "Puppeteer",
    "(?i)playwright": "Playwright",
    "(?i)phantomjs": "PhantomJS",
    "(?i)cypress/": "Cypress",
}
_SPIDER = "Spider"
_EITHER_CASE = re.compile(r"\[([A-Za-z])[A-Za-z]\]")
_NAME = re.compile(r"[A-Za-z0-9][\w .!'@&+:-]*\w")


class Verdict(Struct, frozen=True):
    """The rule that took somebody for a robot, None for a human, and the robot's public name where there is one."""

    rule: BotRule | None = None
    name: str = ""


HUMAN = Verdict()
NO_USER_AGENT = Verdict(BotRule.NO_USER_AGENT)
AUTOMATED = Verdict(BotRule.AUTOMATION)
REFERRER_SPAM = Verdict(BotRule.REFERRER_SPAM)


class Robots:
    """The crawler list and our own rules as one automaton: a human costs microseconds, not 1,500 regular expressions."""

    def __init__(self) -> None:
        listed = [(entry["pattern"], _listed(entry)) for entry in CRAWLER_USER_AGENTS_DATA]
        ours = [(pattern, Verdict(BotRule.AUTOMATION, name)) for pattern, name in _AUTOMATION.items()]
        self._verdicts = [verdict for _, verdict in listed + ours]
        # The engine is made to find a browser's family; here the "family" is the number of the rule.
        self._rules = ua_parser_rs.UserAgentExtractor(
            (pattern, str(number), None, None, None, None) for number, (pattern, _) in enumerate(listed + ours)
        )

    def judge(self, user_agent: str, parsed: PartialResult, vocabulary: Vocabulary) -> Verdict:
        """Return the verdict of the first rule that knows *user_agent*; the name never is a part of it."""
        if not user_agent.strip():
            return NO_USER_AGENT
        match = self._rules.extract(user_agent)
        if match is not None:
            return self._verdicts[int(match.family)]
        if parsed.device is None or parsed.device.family != _SPIDER:
            return HUMAN
        return Verdict(BotRule.CRAWLER, vocabulary.admit(parsed.user_agent.family) if parsed.user_agent else "")


def _listed(entry: dict[str, list[str] | str]) -> Verdict:
    rule = BotRule.AUTOMATION if "browser-automation" in entry.get("tags", ()) else BotRule.CRAWLER
    return Verdict(rule, public_name(str(entry["pattern"])))


def public_name(pattern: str) -> str:
    r"""Return the robot's name as it stands in *pattern*: ``Googlebot\/`` is Googlebot, ``[wW]get`` is Wget."""
    spelled = _EITHER_CASE.sub(lambda letter: letter[1].upper(), pattern).replace("\\", "").removeprefix("https://")
    name = _NAME.search(spelled)
    return name[0] if name else spelled
