"""Evidence: what later rules may judge by, as flags of a closed list; what is not known is not said."""

from collector.hit import NOT_LOGGED, Person
from collector.privacy.enrich.robot import Verdict
from contracts.events import BotRule, Evidence

# What every browser of the last thirty years begins its user agent with.
_BROWSER_TOKEN = "Mozilla/"  # noqa: S105  # a word of user agents, no secret
_LISTED = frozenset({BotRule.CRAWLER, BotRule.AUTOMATION})
_NONE: tuple[Evidence, ...] = ()


def evidence_of(person: Person, verdict: Verdict, *, is_hosting: bool) -> tuple[Evidence, ...]:
    """Return the flags of *person*, whose user agent got this *verdict*; *is_hosting* where their network is known to be."""
    claims_browser = _BROWSER_TOKEN in person.user_agent
    is_logged = person.user_agent != NOT_LOGGED
    if (
        (claims_browser or not is_logged)
        and verdict.rule is None
        and not (person.is_automated or person.has_odd_headers or is_hosting)
    ):
        return _NONE  # nearly everybody, and every server
    flags = {
        Evidence.NO_BROWSER_TOKEN: not claims_browser and is_logged,
        Evidence.AUTOMATION: person.is_automated or verdict.rule is BotRule.AUTOMATION,
        Evidence.HEADER_SHAPE: claims_browser and person.has_odd_headers,
        Evidence.ROBOT_LIST: verdict.rule in _LISTED,
        Evidence.HOSTING_NETWORK: is_hosting,
    }
    return tuple(flag for flag, is_set in flags.items() if is_set)
